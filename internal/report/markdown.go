package report

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
)

// Markdown is a scenario's outcome for a pull request or a ticket.
func Markdown(s Scenario) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", cell(s.Scenario))
	if s.Error != "" {
		fmt.Fprintf(&b, "**Could not run:** %s\n\n", cell(s.Error))
	}
	for _, r := range s.Reports {
		r.markdown(&b)
	}
	return b.String()
}

// Markdown is one diagnosis for a ticket.
func (r Report) Markdown() string {
	var b strings.Builder
	r.markdown(&b)
	return b.String()
}

func (r Report) markdown(b *strings.Builder) {
	target := "nothing of ours"
	if r.Target != nil {
		target = r.Target.String()
	}
	fmt.Fprintf(b, "### %s: %s\n\n", cell(target), r.Verdict)
	if r.Reason != "" {
		fmt.Fprintf(b, "%s\n\n", cell(r.Reason))
	}
	for _, s := range r.Symptoms {
		fmt.Fprintf(b, "- `%s` %s: %s\n", s.ID, cell(s.Subject), cell(s.Says))
	}
	if len(r.Symptoms) > 0 {
		b.WriteString("\n")
	}
	for _, c := range r.RootCauses {
		c.markdown(b)
	}
	list(b, "Path", r.Path, func(h Hop) string { return "`" + h.Station + "` " + h.State + ": " + cell(h.Says) })
	list(b, "Changed before", r.Suspects, Suspect.markdown)
	list(b, "Ruled out", r.RuledOut, func(o RuledOut) string { return "`" + o.ID + "`: " + cell(o.Because) })
	list(b, "Could not read", r.Gaps, func(g Gap) string { return "`" + code(g.Needs) + "`: " + cell(g.Error) })
	list(b, "Notes", r.Notes, func(n Note) string { return "`" + n.ID + "` " + cell(n.Subject) + ": " + cell(n.Says) })
}

func (c RootCause) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "**%s** (%s, %s, `%s` on %s)\n\n%s\n\n", cell(c.Headline), c.Confidence, c.Severity, c.ID, cell(c.Subject), cell(c.Summary))
	c.contract(b)
	b.WriteString("| evidence | says |\n|---|---|\n")
	for _, e := range c.Evidence {
		fmt.Fprintf(b, "| %s | %s |\n", linked(e.Source, e.Link), cell(e.Says))
	}
	b.WriteString("\n")
	if c.Impact != "" {
		fmt.Fprintf(b, "Impact: %s\n\n", cell(c.Impact))
	}
	list(b, "Affected", append(append([]string{}, c.Affected...), c.Hosts...), cell)
	if ch := c.Change; ch != nil {
		fmt.Fprintf(b, "Changed by %s at %s: `%s`%s\n\n", cell(ch.By)+with(ch.Caller), stamp(ch.At), code(ch.What), values(ch))
	}
	fmt.Fprintf(b, "Fix: %s\n\n", cell(c.Fix.Summary))
	if c.Fix.Caveat != "" {
		fmt.Fprintf(b, "But: %s\n\n", cell(c.Fix.Caveat))
	}
	for _, cmd := range c.Fix.Commands {
		fence(b, "", cmd)
	}
	for _, p := range c.Fix.Patches {
		fmt.Fprintf(b, "%s:\n\n", cell(p.File))
		fence(b, "yaml", p.YAML)
	}
}

func (c RootCause) contract(b *strings.Builder) {
	if len(c.Contract) == 0 {
		return
	}
	b.WriteString("| observer | asked | got |\n|---|---|---|\n")
	for _, r := range c.Contract {
		fmt.Fprintf(b, "| %s | %s | %s |\n", cell(r.Observer), cell(r.Asked), cell(r.Got))
	}
	b.WriteString("\n")
}

func values(ch *cause.Change) string {
	switch {
	case ch.Removed && ch.From != nil:
		return ", `" + code(*ch.From) + "` → removed"
	case ch.Removed:
		return ", removed"
	case ch.From != nil && ch.To != nil:
		return ", `" + code(*ch.From) + "` → `" + code(*ch.To) + "`"
	case ch.To != nil:
		return ", set to `" + code(*ch.To) + "`"
	}
	return ""
}

// linked makes a link of a source; the addresses are our own console links.
func linked(text, link string) string {
	if !strings.HasPrefix(link, "https://console.cloud.google.com/") || strings.ContainsAny(link, " ()<>\n") {
		return cell(text)
	}
	return "[" + cell(text) + "](" + link + ")"
}

func fence(b *strings.Builder, lang, text string) {
	fmt.Fprintf(b, "```%s\n%s\n```\n\n", lang, strings.TrimRight(strings.ReplaceAll(text, "```", "'''"), "\n"))
}

func list[T any](b *strings.Builder, title string, items []T, say func(T) string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "%s:\n\n", title)
	for _, i := range items {
		fmt.Fprintf(b, "- %s\n", say(i))
	}
	b.WriteString("\n")
}

// cell keeps a value on its line and out of Markdown's and HTML's way: it makes no
// table, link, image, mention or tag.
func cell(s string) string {
	s = strings.NewReplacer("\n", " ", "\r", " ", "|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'", "[", `\[`, "]", `\]`).Replace(s)
	return strings.ReplaceAll(strings.TrimPrefix(strings.ReplaceAll(" "+s, " @", " &#64;"), " "), "(@", "(&#64;")
}

// code keeps a value inside its code span.
func code(s string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "|", `\|`, "`", "'", "<", "‹", ">", "›").Replace(s)
}
