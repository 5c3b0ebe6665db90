package backend

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// A Cloud Armor rule that refuses what clients send is right nearly always. It is a cause
// only where it refuses most of what comes (gcp-facts.md §4, denied_by_security_policy).
var securityPolicyDenies = cause.Cause{
	ID:       "backend/security-policy-denies",
	Title:    "A Cloud Armor rule refuses most requests",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.BackendServices, facts.URLMaps, facts.SecurityPolicies, facts.Logs},
	Explains: []cause.ID{cause.RequestsFailing},
	Check:    checkDenied,
}

const (
	// fewDenied may be the policy's work.
	fewDenied = 5
	// surelyMost of the requests is no work of a policy's any more.
	surelyMost = 10
)

func checkDenied(c cause.Case) (out cause.Outcome) {
	for _, t := range trafficOf(c) {
		denied := t.failed(signal.Denied)
		name := t.live.GetSecurityPolicy()
		if len(denied) == 0 || name == "" || denied[0].Request.Policy != "" && denied[0].Request.Policy != facts.LastSegment(name) {
			continue
		}
		recent, passed := t.share(denied)
		rule, known := ruleOf(c.Facts, name, denied[0].Request.PolicyRule)
		switch {
		case known && !denies(rule):
			out.RuledOut = fmt.Sprintf("rule %d of %s denies nothing now", denied[0].Request.PolicyRule, facts.LastSegment(name))
		case !c.Facts.History.Known() || len(recent) < fewDenied || 3*len(passed) > len(recent):
			out.RuledOut = fmt.Sprintf("%s refused %d of %d requests", facts.LastSegment(name), len(recent), len(recent)+len(passed))
		default:
			out.Findings = append(out.Findings, t.shutOut(c, recent, passed, rule))
		}
	}
	return out
}

// share parts the requests of the last minutes, of which those are known that went
// well, by whether the policy refused them.
func (t *traffic) share(denied []signal.Signal) (refused, passed []signal.Signal) {
	from := denied[0].At.Add(-cause.ShareWindow)
	for _, s := range t.requests {
		switch {
		case s.At.Before(from):
		case s.Request.Failure() == signal.Denied:
			refused = append(refused, s)
		default:
			passed = append(passed, s)
		}
	}
	return refused, passed
}

func ruleOf(s *facts.Snapshot, policy string, priority int) (*computepb.SecurityPolicyRule, bool) {
	all, _ := s.SecurityPolicies.Get()
	for _, p := range all {
		if facts.ScopePath(p.GetSelfLink()) != facts.ScopePath(policy) {
			continue
		}
		for _, r := range p.GetRules() {
			if int(r.GetPriority()) == priority {
				return r, true
			}
		}
		return nil, len(p.GetRules()) > 0
	}
	return nil, false
}

// denies: the rule is there, refuses, and isn't only tried out.
func denies(r *computepb.SecurityPolicyRule) bool {
	return r != nil && !r.GetPreview() && (strings.HasPrefix(r.GetAction(), "deny") || r.GetAction() == "")
}

func (t *traffic) shutOut(c cause.Case, refused, passed []signal.Signal, rule *computepb.SecurityPolicyRule) cause.Finding {
	confidence := cause.Likely
	if len(refused) >= surelyMost && rule != nil {
		confidence = cause.Proven
	}
	path := facts.RelativePath(t.live.GetSecurityPolicy())
	name, priority := facts.LastSegment(path), refused[0].Request.PolicyRule
	f := t.finding(c, confidence, refused)
	f.Subject = glbc.ComputeRef(facts.KindSecurityPolicy, path)
	f.Headline = fmt.Sprintf("Cloud Armor policy %s refuses most requests to %s", name, t.Title())
	f.Summary = fmt.Sprintf("Its rule %d refused %d of the %d requests that the log has of those minutes; clients got %d from the load balancer, and the app nothing.", priority, len(refused), len(refused)+len(passed), refused[0].Request.Status)
	if rule != nil {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.securityPolicies.list", Says: fmt.Sprintf("rule %d: %s for %s", priority, or(rule.GetAction(), "deny"), matches(rule))})
	}
	f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.backendServices.list", Says: t.live.GetName() + " has the security policy " + name, Link: cause.ComputeLink(glbc.Path(t.live))})
	f.Impact = fmt.Sprintf("%d of %d requests refused", len(refused), len(refused)+len(passed))
	if len(passed) == 0 {
		f.Severity = cause.Outage
	}
	scope := ""
	if region, ok := strings.CutPrefix(f.Subject.Scope, "regions/"); ok {
		scope = " --region " + region
	}
	f.Fix = cause.Fix{
		Summary: "Let the rule only log until it is right, and narrow what it matches.",
		Commands: []string{
			fmt.Sprintf("gcloud compute security-policies rules update %d --security-policy=%s --preview --project %s%s", priority, name, f.Subject.ProjectOf(), scope),
		},
		Caveat: "In preview the rule protects from nothing.",
	}
	return f
}

// matches is what a rule matches, for people.
func matches(r *computepb.SecurityPolicyRule) string {
	if e := r.GetMatch().GetExpr().GetExpression(); e != "" {
		return short(e)
	}
	ranges := r.GetMatch().GetConfig().GetSrcIpRanges()
	if slices.Contains(ranges, "*") || len(ranges) == 0 {
		return "every client"
	}
	return "clients in " + strings.Join(ranges, ", ")
}
