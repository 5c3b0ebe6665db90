package control

import (
	"slices"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// heldBack is what findings made of complaints share: who suffers, since when, what
// it comes to, and the events.
func heldBack(c cause.Case, list []complaint, same func(refusal) bool) cause.Finding {
	f := cause.Finding{
		Confidence: cause.Proven,
		Severity:   cause.Blocked,
		Affected:   sufferers(c, same),
		Hosts:      hostsOf(c),
		Impact:     impact(c, list),
		Since:      began(c, list),
		Explains:   []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing},
	}
	for _, k := range list {
		if e := k.evidence(); !slices.Contains(f.Evidence, e) {
			f.Evidence = append(f.Evidence, e)
		}
	}
	if !onServices(list) {
		return f
	}
	f.Explains = append(f.Explains, cause.PodsNotReadyInNEG, cause.BackendUnhealthy, "endpoint/neg-attach-failed", "endpoint/neg-sync-blocked")
	if !c.Has(cause.IngressNotProvisioned) && !c.Has(cause.ChangeNotApplied) {
		f.On = services(list)
	}
	f.Severity = severity(c)
	return f
}

// severity of NEGs that aren't kept up to date: what their endpoints show.
func severity(c cause.Case) cause.Severity {
	all, bad := endpoints(c), unhealthy(c)
	switch {
	case len(all) > 0 && bad == len(all):
		return cause.Outage
	case bad > 0:
		return cause.Degraded
	}
	return cause.Blocked
}

// onServices: all that is told is the NEG controller's.
func onServices(list []complaint) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(k complaint) bool { return k.on.Kind != facts.KindService })
}

func services(list []complaint) (refs []facts.Ref) {
	for _, k := range list {
		if k.on.Kind == facts.KindService && !slices.Contains(refs, k.on) {
			refs = append(refs, k.on)
		}
	}
	return refs
}

func hostsOf(c cause.Case) []string {
	if ing, ok := c.Ingress(); ok {
		return glbc.Hosts(ing)
	}
	if g, ok := c.Gateway(); ok {
		return glbc.GatewayHosts(c.Facts, g)
	}
	return nil
}

func began(c cause.Case, list []complaint) (at time.Time) {
	for _, k := range list {
		if at.IsZero() || k.began.Before(at) {
			at = k.began
		}
	}
	for _, s := range c.Symptoms {
		if s.ID == cause.IngressNotProvisioned && !s.Since.IsZero() {
			at = s.Since
		}
	}
	return at
}

// effect ends a headline: what the target comes to.
func effect(c cause.Case, list []complaint) string {
	name := c.Target.Namespace + "/" + c.Target.Name
	switch ing, ok := c.Ingress(); {
	case ok && ing.DeletionTimestamp != nil:
		return "so " + name + " can't be deleted"
	case c.Has(cause.IngressNotProvisioned):
		return "so " + name + " gets no load balancer"
	case onServices(list):
		return "so new pods of " + strings.Join(names(services(list)), " and ") + " get no traffic"
	}
	return "so changes to " + name + " don't take effect"
}

// sentence begins a headline with a capital.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func impact(c cause.Case, list []complaint) string {
	switch ing, ok := c.Ingress(); {
	case ok && ing.DeletionTimestamp != nil:
		return "the load balancer's parts stay, cost money and count against quotas"
	case c.Has(cause.IngressNotProvisioned):
		return "no load balancer, the hosts are unreachable"
	case onServices(list):
		return "what is attached keeps serving; pods that start from now on don't join the load balancer"
	}
	return "what is built keeps serving; hosts, paths, certificates and backends of later changes wait"
}

func names(refs []facts.Ref) []string {
	var list []string
	for _, r := range refs {
		list = append(list, r.Namespace+"/"+r.Name)
	}
	return list
}
