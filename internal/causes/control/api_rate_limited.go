package control

import (
	"fmt"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// Too many calls a minute are refused with 403 rateLimitExceeded or with 429, until
// the minute is over (gcp-facts.md §7). Once is nothing; a controller that is refused
// for minutes on end shares its rate with somebody who never stops.
var apiRateLimited = cause.Cause{
	ID:       "control/api-rate-limited",
	Title:    "The Compute API throttles the controllers",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.Events, facts.ThirdPartyObjects},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing, cause.PodsNotReadyInNEG},
	Check:    checkRate,
}

func checkRate(c cause.Case) cause.Outcome {
	list := complaints(c, rateLimited)
	if len(list) == 0 {
		return cause.Outcome{}
	}
	first, last := list[0].began, list[0].at
	for _, k := range list {
		if k.began.Before(first) {
			first = k.began
		}
		if k.at.After(last) {
			last = k.at
		}
	}
	if c.Target.Kind == facts.KindGateway {
		// A condition stands for as long as it says so.
		last = c.Facts.Now
	}
	lasting := last.Sub(first)
	switch {
	case lasting >= cause.ErrorGrace:
	case c.Facts.Now.Sub(first) < cause.ErrorGrace:
		return cause.Outcome{Pending: "the Compute API throttled a controller a moment ago, which passes with the minute"}
	default:
		return cause.Outcome{}
	}
	f := heldBack(c, list, func(r refusal) bool { return r.kind == rateLimited })
	// What didn't join a NEG in time isn't why endpoints fail.
	f.Explains = []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing, cause.PodsNotReadyInNEG}
	f.Confidence = cause.Possible
	if lasting >= recently {
		// More than one round of the controllers' was refused.
		f.Confidence = cause.Likely
	}
	f.Subject, f.Severity = projectRef(c), cause.Blocked
	f.Headline = fmt.Sprintf("The Compute API has throttled GKE's controllers in project %s for %d min, %s", c.Facts.Project, int(lasting/time.Minute), effect(c, list))
	f.Summary = "The calls of one minute are used up: by the controllers' own churn, or by somebody else who calls the same API of this project."
	f.Fix = rateFix(c.Facts.Project)
	return cause.Outcome{Findings: []cause.Finding{f}}
}

func rateFix(project string) cause.Fix {
	return cause.Fix{
		Summary: "find who calls the Compute API so often and slow it down, or ask for a higher rate on " + console(project),
		Commands: []string{
			`gcloud logging read 'protoPayload.serviceName="compute.googleapis.com"' --project ` + project + ` --freshness 1h --limit 500 --format 'value(protoPayload.authenticationInfo.principalEmail)' | sort | uniq -c | sort -rn`,
		},
		Caveat: "reads aren't in the log unless data-access logging is on; restarting controllers or editing the Ingress only adds calls",
	}
}
