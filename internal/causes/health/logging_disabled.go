package health

import (
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A health check that doesn't log fails in silence: no entry leads here when an
// endpoint turns UNHEALTHY. Off is GKE's default (gcp-facts.md §3).
var loggingDisabled = cause.Cause{
	ID:    "health/logging-disabled",
	Title: "Health-check logging is off, so a failure sends no log entry",
	Note:  true,
	Needs: []facts.Kind{facts.ThirdPartyObjects, facts.Ingresses, facts.NEGs, facts.BackendServices, facts.HealthChecks},
	Check: checkLogging,
}

func checkLogging(c cause.Case) (out cause.Outcome) {
	for _, b := range c.Backends() {
		hc, ok := b.HealthCheck.Get()
		if !ok || glbc.CheckOf(hc).Logging {
			continue
		}
		scope, flag := "global", "--global"
		if region := facts.LastSegment(hc.GetRegion()); region != "" {
			scope, flag = "regions/"+region, "--region "+region
		}
		out.Findings = append(out.Findings, cause.Finding{
			Subject:  facts.Ref{Project: c.Facts.Project, Scope: scope, Kind: facts.KindHealthCheck, Name: hc.GetName()},
			Headline: "health-check logging is off, so a failure of this backend sends no log entry",
			Fix: cause.Fix{Commands: []string{
				"gcloud compute health-checks update " + strings.ToLower(hc.GetType()) + " " + hc.GetName() + " --project " + c.Facts.Project + " " + flag + " --enable-logging",
			}},
		})
	}
	return out
}
