package latent

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// near is the share of a quota above which the next few load balancers may not fit any
// more (cause-catalogue.md, latent).
const near = 0.8

// What uses a quota up stops every new Ingress of the project at once, weeks after the
// usage began to grow.
var quotaNearLimit = cause.Cause{
	ID:    "latent/quota-near-limit",
	Title: "A load-balancing quota is nearly used up",
	Note:  true,
	Needs: []facts.Kind{facts.ProjectQuotas, facts.RegionQuotas},
	Check: checkQuotas,
}

func checkQuotas(c cause.Case) (out cause.Outcome) {
	if c.Target.Cluster == "" {
		return out
	}
	project, _ := c.Facts.ProjectQuotas.Get()
	region, _ := c.Facts.RegionQuotas.Get()
	for _, of := range []struct {
		quotas []*computepb.Quota
		region string
	}{{project, ""}, {region, glbc.Region(c.Facts)}} {
		for _, q := range of.quotas {
			if balances(q.GetMetric()) && q.GetLimit() > 0 && q.GetUsage() > near*q.GetLimit() {
				out.Findings = append(out.Findings, nearFinding(c.Facts.Project, of.region, q))
			}
		}
	}
	return out
}

// parts are what the names of quotas have in common that a load balancer's objects count
// against.
var parts = []string{
	"FORWARDING_RULES", "BACKEND_SERVICES", "BACKEND_BUCKETS", "HEALTH_CHECKS", "URL_MAPS", "TARGET_HTTP", "TARGET_SSL", "TARGET_TCP",
	"SSL_CERTIFICATES", "SSL_POLICIES", "SECURITY_POLICIES", "NETWORK_ENDPOINT_GROUPS", "INSTANCE_GROUPS", "FIREWALLS", "STATIC_ADDRESSES",
}

func balances(metric string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(metric, p) }) && !strings.Contains(metric, "INSTANCE_GROUP_MANAGERS")
}

func nearFinding(project, region string, q *computepb.Quota) cause.Finding {
	in, command := "project "+project, "gcloud compute project-info describe --project "+project
	if region != "" {
		in, command = "project "+project+" in "+region, "gcloud compute regions describe "+region+" --project "+project
	}
	return cause.Finding{
		Subject:  facts.Ref{Project: project, Kind: facts.KindProject, Name: project},
		Headline: fmt.Sprintf("%.0f of %.0f %s of %s are in use; at the limit no new load balancer is built", q.GetUsage(), q.GetLimit(), q.GetMetric(), in),
		Fix:      cause.Fix{Commands: []string{command}},
	}
}
