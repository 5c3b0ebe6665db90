package signal

import (
	"maps"
	"slices"
	"strings"

	"plumbline/internal/facts"
)

// computeWrites reads a request to Compute. A patch names what changes, an update is
// the whole resource; an insert too, but it leaves out what gets its default. The
// response is an operation and tells nothing (gcp-facts.md §2.3).
func computeWrites(c *Change) Writes {
	body, _ := decode(c.Request).(map[string]any)
	fields := map[string]any{}
	for key, value := range body {
		if !isComputeOverhead(key) {
			fields[singular(key)] = value
		}
	}
	if len(fields) == 0 {
		return Writes{}
	}
	f := flattener{values: map[string]*string{}, keyOf: computeKey, text: relative}
	f.walk(rulePath(c.Verb, fields), fields)
	w := Writes{Named: f.values}
	switch c.Verb {
	case "insert":
		w.Whole, w.After = true, f.state()
	case "update":
		w.Whole, w.Complete, w.After = true, true, f.state()
	}
	return w
}

// isComputeOverhead: what a request carries besides the resource's settings.
func isComputeOverhead(key string) bool {
	switch key {
	case "@type", "fingerprint", "kind", "id", "selfLink", "creationTimestamp", "labelFingerprint":
		return true
	}
	return false
}

// singular undoes the plural that audit entries make of the names of repeated
// fields, `alloweds` (gcp-facts.md §2.3).
func singular(key string) string {
	switch {
	case key == "alloweds", key == "denieds":
		return strings.TrimSuffix(key, "s")
	case strings.HasSuffix(key, "ss") && !strings.HasSuffix(key, "ddress"):
		return strings.TrimSuffix(key, "s")
	}
	return key
}

// computeKey tells a backend from the others by the location and name of its group.
func computeKey(list string, element map[string]any) string {
	group, _ := element["group"].(string)
	if list != "backends" || group == "" {
		return ""
	}
	_, location, _ := strings.Cut(facts.ScopeOf(group), "/")
	return location + "/" + facts.LastSegment(group)
}

// relative spells one resource one way, whatever host and version its URL has.
func relative(text string) string {
	if strings.HasPrefix(text, "https://") && strings.Contains(text, "googleapis.com/") && strings.Contains(text, "/projects/") {
		return facts.RelativePath(text)
	}
	return text
}

// rulePath is where the fields of a firewall policy's rule belong: a rule is known by
// its priority.
func rulePath(verb string, fields map[string]any) string {
	switch verb {
	case "addRule", "patchRule", "removeRule":
	default:
		return ""
	}
	f := flattener{}
	priority := "?"
	if p, ok := fields["priority"]; ok {
		priority = f.spell(p)
	}
	return "rules[" + priority + "]"
}

// Paths are the fields that a write names, in order.
func (w Writes) Paths() []string { return slices.Sorted(maps.Keys(w.Named)) }
