package backend

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

// A backend service gives an answer 30 s unless told otherwise; a longer one, and a
// websocket whatever it carries, ends then (gcp-facts.md §4, backend_timeout).
var timeoutTooShort = cause.Cause{
	ID:       "backend/timeout-too-short",
	Title:    "Answers take longer than the backend service waits",
	Needs:    []facts.Kind{facts.NEGs, facts.RegionBackendHealth, facts.BackendHealth, facts.Ingresses, facts.Services, facts.BackendServices, facts.URLMaps, facts.BackendConfigs, facts.ThirdPartyObjects, facts.Logs},
	Explains: []cause.ID{cause.RequestsFailing},
	Check:    checkTimeout,
}

const defaultTimeout = 30

func checkTimeout(c cause.Case) (out cause.Outcome) {
	for _, t := range trafficOf(c) {
		limit := time.Duration(t.live.GetTimeoutSec()) * time.Second
		late := t.failed(signal.TimedOut)
		if limit == 0 || len(late) == 0 {
			continue
		}
		cut := slices.DeleteFunc(slices.Clone(late), func(s signal.Signal) bool { return !near(s.Request.Latency, limit) })
		switch {
		case len(cut) == 0:
			if took := late[0].Request.Latency; took > 0 {
				out.RuledOut = fmt.Sprintf("timeouts came after %s s, and %s waits %d s", seconds(took), t.live.GetName(), t.live.GetTimeoutSec())
			}
		case t.serves(c):
			out.Findings = append(out.Findings, t.tooShort(c, cut))
		case !t.sick(c):
			out.Undecided = "whether the app behind " + t.Title() + " hangs or needs more than " + fmt.Sprint(t.live.GetTimeoutSec()) + " s: its health couldn't be read"
		default:
			// An app that hangs fails its check as well: more time wouldn't help.
		}
	}
	return out
}

// near: what was measured is the limit, give or take what a proxy needs.
func near(took, limit time.Duration) bool {
	slack := max(time.Second, limit/20)
	return took > limit-slack && took < limit+slack
}

func (t *traffic) tooShort(c cause.Case, cut []signal.Signal) cause.Finding {
	limit := int(t.live.GetTimeoutSec())
	websocket := slices.ContainsFunc(cut, func(s signal.Signal) bool { return s.Request.Status == 101 })
	longer := 300
	if websocket {
		longer = 3600
	}
	for longer <= limit {
		longer *= 2
	}
	confidence := cause.Proven
	if t.sick(c) {
		confidence = cause.Likely
	}
	f := t.finding(c, confidence, cut)
	f.Headline = fmt.Sprintf("%s waits %d s for an answer, and requests take longer", t.Title(), limit)
	f.Summary = fmt.Sprintf("The load balancer gives up after timeoutSec = %d and answers %d itself; the app may still be working.", limit, cut[0].Request.Status)
	if websocket {
		f.Headline = fmt.Sprintf("%s ends every websocket after %d s", t.Title(), limit)
		f.Summary = fmt.Sprintf("To the load balancer a websocket is one answer: timeoutSec = %d ends it, however busy it is.", limit)
	}
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "compute.backendServices.list", Says: fmt.Sprintf("%s has timeoutSec = %d", t.live.GetName(), limit), Link: cause.ComputeLink(facts.RelativePath(t.live.GetSelfLink())),
	})
	n := strconv.Itoa(longer)
	f.Fix, f.Subject = t.change(c, setting{
		config: `{"timeoutSec":` + n + `}`, policy: `{"timeoutSec":` + n + `}`,
		configYAML: []string{"timeoutSec: " + n}, policyYAML: []string{"timeoutSec: " + n}, flag: "--timeout=" + n + "s",
	})
	f.Fix.Summary = "Give answers as long as the slowest one takes, " + n + " s here, or make the app answer sooner."
	if websocket {
		f.Fix.Summary = "Give websockets as long as a connection may live, " + n + " s here, and let clients reconnect."
	}
	f.Impact = countOf(len(cut), "request") + " cut off"
	if limit != defaultTimeout {
		f.Change = t.wrote(c, f.Subject, "timeoutSec")
	}
	return f
}

// wrote is who wrote a setting that now is too short: of the object that has it, else of
// the backend service.
func (t *traffic) wrote(c cause.Case, subject facts.Ref, field string) *cause.Change {
	for _, at := range []struct {
		ref  facts.Ref
		path string
	}{{subject, "spec." + field}, {subject, "spec.default." + field}, {t.service(), field}} {
		if ch := c.Wrote(at.ref, at.path); ch != nil && ch.To != nil && *ch.To == strconv.Itoa(int(t.live.GetTimeoutSec())) {
			return ch
		}
	}
	return nil
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
