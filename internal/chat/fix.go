package chat

import (
	"strings"

	"plumbline/internal/cause"
)

// fix is what to do, what doesn't help, and one command that can be copied. A
// command that is too long to be read in the channel is in the thread: half a
// command would be worse than none.
func (w writer) fix(f cause.Fix) string {
	parts := []string{sentence(say(f.Summary, maxSentence)), sentence(say(f.Caveat, maxSentence))}
	command := ""
	if len(f.Commands) > 0 && short(f.Commands[0]) {
		command = fence(f.Commands[0], maxCommand)
	}
	parts = append(parts, inThread(f, command != ""))
	text := strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
	if text == "" && command == "" {
		return ""
	}
	return joinLines(text, command)
}

// kept adds to a fix who will undo it: a tool that made the change from a source of
// its own will make it again.
func kept(f cause.Finding) cause.Fix {
	fix := f.Fix
	if f.Change == nil || !f.Change.Caller.Reverts() || strings.Contains(fix.Caveat, f.Change.Caller.Word()) {
		return fix
	}
	fix.Caveat = strings.TrimPrefix(fix.Caveat+"; ", "; ") + f.Change.Caller.Word() + " made the change and will make it again, unless its source is changed too"
	return fix
}

func short(command string) bool {
	text := inFence(command)
	return length(escape(text, maxSection)) <= maxCommand && strings.Count(text, "\n") < 3
}

// inThread points to what the root doesn't show.
func inThread(f cause.Fix, commandShown bool) string {
	more := len(f.Commands) > 1 || len(f.Commands) == 1 && !commandShown
	switch {
	case more && len(f.Patches) > 0:
		return "All commands and the patch are in the thread."
	case more:
		return "All commands are in the thread."
	case len(f.Patches) > 0:
		return "The patch is in the thread."
	}
	return ""
}
