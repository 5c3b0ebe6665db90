package edge

import (
	"fmt"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// reserve is the command that reserves an address as an Ingress or Gateway needs it.
func reserve(c cause.Case, ref facts.Ref, address string) string {
	text := fmt.Sprintf("gcloud compute addresses create %s --project %s %s", ref.Name, ref.Project, scopeFlag(ref.Scope))
	if address != "" {
		text += " --addresses " + address
	}
	if internal(c) {
		text += " --subnet " + subnet(c.Facts) + " --purpose SHARED_LOADBALANCER_VIP"
	}
	return text
}

// internal: the target's load balancer has an address of the VPC network.
func internal(c cause.Case) bool {
	if ing, ok := c.Ingress(); ok {
		return glbc.ClassOf(ing).Internal
	}
	if g, ok := c.Gateway(); ok {
		class, _ := glbc.GatewayClassOf(c.Facts, g).Get()
		return class.Scheme == "INTERNAL_MANAGED"
	}
	return false
}

// served is the address that the target has now, to be kept where it can be; empty where
// it has none, and for internal ones.
func served(c cause.Case) string {
	ing, ok := c.Ingress()
	if !ok || glbc.ClassOf(ing).InRegion() {
		return ""
	}
	return glbc.Address(ing)
}

// named is what asks for the address: the annotation, or the Gateway's spec.addresses.
func named(c cause.Case) (says, field string) {
	if ing, ok := c.Ingress(); ok {
		key := whichAnnotation(ing)
		return annotated(c, key).Says, key
	}
	return "", "spec.addresses"
}

// ofGateway makes findings of the addresses that a Gateway names.
func ofGateway(c cause.Case, tell func(glbc.NamedAddress) (cause.Finding, bool)) (out cause.Outcome) {
	g, ok := c.Gateway()
	if !ok {
		return out
	}
	for _, n := range glbc.NamedAddresses(c.Facts, g) {
		f, ok := tell(n)
		if !ok {
			continue
		}
		f.Confidence, f.Affected, f.Severity, f.Hosts = cause.Proven, []facts.Ref{c.Target}, cause.Blocked, glbc.GatewayHosts(c.Facts, g)
		f.Subject = c.Target
		f.Evidence = append([]cause.Evidence{{Source: string(facts.ThirdPartyObjects), Says: "the Gateway's spec.addresses names " + n.Ref.Name}}, f.Evidence...)
		f.Impact = "this Gateway gets no load balancer"
		if glbc.GatewayAddress(g) != "" {
			f.Impact = "no change to this Gateway takes effect"
		}
		out.Findings = append(out.Findings, f)
	}
	return out
}

// effect ends a headline: what a refused Ingress or Gateway comes to.
func effect(c cause.Case) string {
	switch {
	case c.Target.Kind == facts.KindIngress:
		return c.Effect()
	case c.Has(cause.IngressNotProvisioned):
		return "so GKE builds no load balancer for this Gateway"
	}
	return "so GKE no longer updates this Gateway"
}

// free are the reserved addresses of a scope that nothing uses, by name.
func free(s *facts.Snapshot, scope string) (names []string) {
	all, _ := s.Addresses.Get()
	for _, a := range all {
		if facts.ScopeOf(a.GetSelfLink()) == scope && a.GetStatus() == computepb.Address_RESERVED.String() {
			names = append(names, a.GetName())
		}
	}
	return names
}
