package control

import (
	"fmt"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A project may have only so many backend services, certificates, forwarding rules.
// At the limit the controller's next create is refused with 403 and the quota's name
// (ingress-controller.md §1.6); leftovers of deleted clusters are what often fills it.
var quotaIsExceeded = cause.Cause{
	ID:    "control/quota-exceeded",
	Title: "A quota of the project is used up",
	Needs: []facts.Kind{facts.Ingresses, facts.Services, facts.Events, facts.ThirdPartyObjects, facts.ProjectQuotas, facts.RegionQuotas},
	Explains: []cause.ID{
		cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing, cause.PodsNotReadyInNEG, cause.BackendUnhealthy,
		"endpoint/neg-attach-failed", "endpoint/neg-sync-blocked",
	},
	Check: checkQuota,
}

func checkQuota(c cause.Case) (out cause.Outcome) {
	byMetric := map[string][]complaint{}
	var order []string
	for _, k := range complaints(c, quotaExceeded) {
		if byMetric[k.metric] == nil {
			order = append(order, k.metric)
		}
		byMetric[k.metric] = append(byMetric[k.metric], k)
	}
	for _, metric := range order {
		list := byMetric[metric]
		q, scope, read := quotaOf(c.Facts, metric, list[0].region)
		if read && q.GetUsage() < q.GetLimit() {
			out.RuledOut = fmt.Sprintf("the quota %s has room: %s", metric, usage(q))
			continue
		}
		out.Findings = append(out.Findings, quotaFinding(c, list, q, scope, read))
	}
	return out
}

func quotaFinding(c cause.Case, list []complaint, q *computepb.Quota, scope string, read bool) cause.Finding {
	metric, project := list[0].metric, c.Facts.Project
	f := heldBack(c, list, func(r refusal) bool { return r.kind == quotaExceeded && r.metric == metric })
	f.Subject = projectRef(c)
	named := strings.TrimSpace("quota " + metric)
	f.Headline = sentence(named) + " of project " + project + " is used up, " + effect(c, list)
	f.Summary = "Google Cloud refuses to create one more, and the controllers try again for ever."
	f.Fix = cause.Fix{
		Summary:  "ask for a higher limit of " + named + " on " + console(project) + ", or delete what nobody uses any more",
		Commands: []string{describeQuotas(project, scope)},
		Caveat:   "the controllers go on by themselves once there is room, within 10 minutes; another Ingress or cluster may take the place first",
	}
	f.Confidence = cause.Likely
	if read {
		f.Confidence = cause.Proven
		f.Headline = fmt.Sprintf("%s of project %s is used up (%s), %s", sentence(named), project, usage(q), effect(c, list))
		f.Evidence = append([]cause.Evidence{{Source: sourceOf(scope), Says: named + ": " + usage(q), Link: "https://" + console(project)}}, f.Evidence...)
	}
	if l := leftoversOf(c.Facts, metric); len(l.names) > 0 {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: l.source, Says: l.says()})
		f.Fix.Commands = append(f.Fix.Commands, l.deletes(project)...)
		f.Fix.Caveat = "look before you delete: " + l.doubt + "; " + f.Fix.Caveat
	}
	return f
}

// quotaOf is the quota that an error names: of the region that it names, else of the
// project or of the cluster's region.
func quotaOf(s *facts.Snapshot, metric, region string) (q *computepb.Quota, scope string, read bool) {
	if metric == "" || region != "" && region != glbc.Region(s) {
		return nil, region, false
	}
	if region == "" {
		if q := among(s.ProjectQuotas, metric); q != nil {
			return q, "", true
		}
	}
	if q := among(s.RegionQuotas, metric); q != nil {
		return q, glbc.Region(s), true
	}
	return nil, region, false
}

func among(quotas facts.Value[[]*computepb.Quota], metric string) *computepb.Quota {
	all, _ := quotas.Get()
	for _, q := range all {
		if q.GetMetric() == strings.ReplaceAll(metric, "-", "_") {
			return q
		}
	}
	return nil
}

func usage(q *computepb.Quota) string {
	return fmt.Sprintf("%.0f of %.0f in use", q.GetUsage(), q.GetLimit())
}

func sourceOf(region string) string {
	if region == "" {
		return string(facts.ProjectQuotas)
	}
	return string(facts.RegionQuotas)
}

func console(project string) string {
	return "console.cloud.google.com/iam-admin/quotas?project=" + project
}

func describeQuotas(project, region string) string {
	if region == "" {
		return "gcloud compute project-info describe --project " + project
	}
	return "gcloud compute regions describe " + region + " --project " + project
}
