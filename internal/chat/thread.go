package chat

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/path"
)

// What the thread may take, so that it is at most threadReplies messages however
// much there is to tell. Each part is shortened to its own share.
const (
	threadReplies  = 4
	replyChars     = 12000
	replyBlocks    = 45
	evidenceShare  = 9000
	patchShare     = 6000
	commandShare   = 4000
	affectedShare  = 6000
	remainderShare = 3500
)

// thread tells the rest, once: evidence, the path, patches, commands, everything affected,
// what was ruled out and why, what the gaps hide, notes.
func (w writer) thread(f cause.Finding) []Reply {
	var sections []string
	sections = append(sections, listed("Evidence", w.evidence(f.Evidence), evidenceShare)...)
	if len(f.Suspects) > rootSuspects {
		sections = append(sections, listed("Changed before", w.suspects(f.Suspects), remainderShare)...)
	}
	sections = append(sections, w.path()...)
	sections = append(sections, patches(f.Fix.Patches)...)
	sections = append(sections, commands(f.Fix.Commands)...)
	sections = append(sections, affected(f)...)
	sections = append(sections, listed("Ruled out", w.refuted(), remainderShare)...)
	sections = append(sections, listed("Could not read", w.unread(), remainderShare)...)
	sections = append(sections, listed("Also worth knowing", w.notes(), remainderShare)...)
	return pack(sections)
}

// path is the way of a request in one line, what is broken in bold.
func (w writer) path() []string {
	var parts []string
	for _, s := range w.notice.Diagnosis.Path.Segments() {
		text := say(s.Text, maxShort)
		if s.Broken {
			text = "*" + text + "*"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return nil
	}
	return []string{"*Path*  " + strings.Join(parts, path.Arrow)}
}

func (w writer) evidence(list []cause.Evidence) []string {
	var lines []string
	for i, e := range list {
		source := w.link(say(e.Source, maxName), e.Link, threadLink)
		lines = append(lines, fmt.Sprintf("%d. %s: %s", i+1, source, say(e.Says, 800)))
	}
	return lines
}

// maxRefuted is how many causes that aren't it the thread names.
const maxRefuted = 10

func (w writer) refuted() []string {
	var lines []string
	for i, r := range w.notice.Diagnosis.RuledOut {
		if i == maxRefuted {
			lines = append(lines, fmt.Sprintf("• and %d more", len(w.notice.Diagnosis.RuledOut)-i))
			break
		}
		lines = append(lines, "• "+say(string(r.ID), maxName)+": "+say(r.Because, maxSentence))
	}
	return lines
}

func (w writer) unread() []string {
	var lines []string
	for _, g := range w.notice.Diagnosis.Gaps {
		if len(g.Hides) == 0 {
			continue
		}
		hides := make([]string, len(g.Hides))
		for i, id := range g.Hides {
			hides[i] = string(id)
		}
		lines = append(lines, "• "+say(gap(g), maxSentence)+" hides "+atMost(hides, 12))
	}
	return lines
}

func (w writer) notes() []string {
	var lines []string
	for _, n := range w.notice.Diagnosis.Notes {
		lines = append(lines, "• "+say(n.Says, maxSentence)+" ("+say(string(n.ID), maxName)+", "+say(name(n.Subject), maxName)+")")
	}
	return lines
}

func patches(list []cause.Patch) []string {
	var sections []string
	left := patchShare
	for i, p := range list {
		limit := min(maxSection-300, left)
		if limit < 200 {
			return append(sections, fmt.Sprintf("*Patch*  %d more, on the cause's page", len(list)-i))
		}
		patch := "*Patch*  " + say(p.File, 200) + "\n" + fence(p.YAML, limit)
		left -= length(patch)
		sections = append(sections, patch)
	}
	return sections
}

// commands repeats them only where the root doesn't show them all.
func commands(list []string) []string {
	if len(list) == 0 || len(list) == 1 && short(list[0]) {
		return nil
	}
	var sections []string
	left := commandShare
	for i, c := range list {
		limit := min(maxSection-300, left)
		if limit < 200 {
			return append(sections, fmt.Sprintf("*Command*  %d more, on the cause's page", len(list)-i))
		}
		command := fmt.Sprintf("*Command*  %d of %d\n%s", i+1, len(list), fence(c, limit))
		left -= length(command)
		sections = append(sections, command)
	}
	return sections
}

// affected lists them all where the root names only a few.
func affected(f cause.Finding) []string {
	if len(f.Affected) <= 3 {
		return nil
	}
	lines := make([]string, len(f.Affected))
	for i, r := range f.Affected {
		lines[i] = "• " + say(told(r.Kind)+" "+name(r), 160)
	}
	return listed(fmt.Sprintf("Affected (%d)", len(lines)), lines, affectedShare)
}

// listed puts lines into sections of at most maxSection characters under one
// title, and counts what doesn't fit its share.
func listed(title string, lines []string, share int) []string {
	var sections []string
	current, used := "*"+title+"*", 0
	for i, l := range lines {
		if used += length(l) + 1; used > share {
			current += fmt.Sprintf("\n… and %d more", len(lines)-i)
			break
		}
		if length(current)+length(l)+30 > maxSection {
			sections, current = append(sections, current), l
			continue
		}
		current += "\n" + l
	}
	if len(lines) == 0 {
		return nil
	}
	return append(sections, current)
}

// pack fills as few replies as possible.
func pack(sections []string) []Reply {
	var replies []Reply
	size := 0
	for _, s := range sections {
		last := len(replies) - 1
		if last < 0 || size+length(s) > replyChars || len(replies[last].Blocks) >= replyBlocks {
			if len(replies) == threadReplies {
				break
			}
			title, _, _ := strings.Cut(s, "\n")
			replies = append(replies, Reply{Text: escape(flat(parse(title)), maxSentence)})
			size, last = 0, last+1
		}
		size += length(s)
		replies[last].Blocks = append(replies[last].Blocks, section(s))
	}
	return replies
}
