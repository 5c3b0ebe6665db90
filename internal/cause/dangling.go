package cause

import (
	"bytes"
	"slices"
	"strings"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// Dangling is who made an object name another that isn't there: who deleted that one,
// else who wrote its name. field is where it is written, for people.
func (c Case) Dangling(f glbc.Fault, field string) *Change {
	if f.Names.IsZero() {
		return nil
	}
	if ch := c.Deleted(f.Names); ch != nil {
		return ch
	}
	return c.WhoWrote(f.On, f.Names.Name, field)
}

// WhoWrote is the write after which an object began to have a text in it, which is in it
// now; nil where the log doesn't tell. An update sends the whole object, so that it only
// counts where an earlier one lacks the text.
func (c Case) WhoWrote(ref facts.Ref, text, field string) *Change {
	entries := c.Entries()
	by, surely := -1, false
	for i, s := range entries {
		if s.Kind != signal.ObjectChanged || s.Change == nil || s.Change.Failed || s.Target != ref {
			continue
		}
		named := says(s.Change.Request, text)
		if !named && !says(s.Change.Response, text) {
			if s.Change.Response == nil && s.Change.Verb == "patch" {
				continue // It may have named another field only.
			}
			surely = by >= 0
			break
		}
		if !s.Change.Controller {
			by, surely = i, named && s.Change.Verb != "update"
		}
	}
	if by < 0 || !surely {
		return nil
	}
	return ChangeOf(entries[by], entries, field)
}

// says: a body has the text as a word of its own.
func says(body []byte, text string) bool {
	for rest := body; text != ""; {
		i := bytes.Index(rest, []byte(text))
		if i < 0 {
			return false
		}
		end := i + len(text)
		if (i == 0 || !partOfName(rest[i-1])) && (end == len(rest) || !partOfName(rest[end])) {
			return true
		}
		rest = rest[end:]
	}
	return false
}

func partOfName(b byte) bool {
	return b == '-' || b == '.' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// Nearest is the one of the names that was surely meant by another: a typing mistake
// away from it, or with a prefix or suffix that a tool adds. Empty where none or several
// are.
func Nearest(name string, have []string) string {
	var near []string
	for _, h := range have {
		affix := len(name) > 3 && (strings.HasSuffix(h, "-"+name) || strings.HasPrefix(h, name+"-") || len(h) > 3 && (strings.HasSuffix(name, "-"+h) || strings.HasPrefix(name, h+"-")))
		if h != name && (affix || distance(name, h) <= len(name)/4 && len(name) > 2) {
			near = append(near, h)
		}
	}
	slices.Sort(near)
	if near = slices.Compact(near); len(near) != 1 {
		return ""
	}
	return near[0]
}

// distance is how many characters have to be added, dropped, replaced or swapped with
// the next one.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			differs := 1
			if a[i] == b[j] {
				differs = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+differs)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
