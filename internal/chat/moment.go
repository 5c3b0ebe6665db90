package chat

import (
	"fmt"
	"time"
)

// when is a Slack date token, so that everyone reads their own zone; it names the
// day where that isn't today's.
func (w writer) when(t time.Time) string {
	t = t.UTC()
	if w.notice.At.Sub(t).Abs() > 24*time.Hour {
		return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), t.Format("Jan 2, 15:04 UTC"))
	}
	return fmt.Sprintf("<!date^%d^{time}|%s>", t.Unix(), t.Format("15:04 UTC"))
}

// span is a duration as people say it, in at most two units.
func span(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return pair(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return pair(int(d.Hours())/24, "d", int(d.Hours())%24, "h")
}

func pair(n int, unit string, rest int, small string) string {
	if rest == 0 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %d %s", n, unit, rest, small)
}
