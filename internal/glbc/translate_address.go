package glbc

import (
	"errors"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// otherScope is where an object of the same name does nothing for the Ingress.
func (t *translator) otherScope() string {
	if t.Class.InRegion() {
		return scopeGlobal
	}
	return "regions/" + Region(t.s)
}

// forwardingRule finds what keeps the first forwarding rule from being made: URL map
// and proxy exist then (ingress-controller.md §1.5).
func (t *translator) forwardingRule(stage Stage) {
	if name := StaticIPName(t.ing); name != "" {
		t.staticIP(name, stage)
	}
	if t.Class.InRegion() {
		t.proxyOnlySubnet(stage)
	}
}

func (t *translator) staticIP(name string, stage Stage) {
	found := inScope(t.s.Addresses, t.scope(), name)
	field := GlobalStaticIPAnnotation
	if t.ing.Annotations[RegionalStaticIPAnnotation] != "" {
		field = RegionalStaticIPAnnotation
	}
	if address, ok := found.Get(); ok {
		t.addressInUse(address, stage, field)
		return
	}
	f := Fault{
		Code: StaticIPNotFound, Stage: stage, Field: field, Err: found.Err(),
		Names:   facts.Ref{Project: t.s.Project, Scope: t.scope(), Kind: facts.KindAddress, Name: name},
		Message: "the given static IP name " + name + " doesn't translate to an existing static IP.",
	}
	all, _ := t.s.Addresses.Get()
	i := slices.IndexFunc(all, func(a *computepb.Address) bool { return a.GetName() == name })
	if found.IsAbsent() && i >= 0 {
		f.Code = StaticIPWrongScope
		f.Names.Scope = scopeIn(all[i].GetSelfLink())
	}
	t.fault(f)
}

var errNoNetwork = errors.New("the cluster's network isn't known")

// proxyOnlySubnet: Envoy proxies of a regional load balancer live in a subnet of
// their own, one per region and network.
func (t *translator) proxyOnlySubnet(stage Stage) {
	found := ProxyOnlySubnet(t.s, t.Class.Internal)
	if _, ok := found.Get(); ok {
		return
	}
	t.fault(Fault{
		Code: ProxyOnlySubnetMissing, Stage: stage, On: t.ref, Field: "purpose REGIONAL_MANAGED_PROXY in regions/" + Region(t.s),
		Names:   facts.Ref{Project: t.s.NetworkProject, Scope: scopeGlobal, Kind: facts.KindNetwork, Name: facts.LastSegment(networkOf(t.s))},
		Message: "active proxy-only subnetwork is required", Err: found.Err(),
	})
}

// ProxyOnlySubnet is the subnet that holds the proxies of the load balancers in the
// cluster's region and network; absent only where none surely is there. Internal ones
// take one of the older purpose as well.
func ProxyOnlySubnet(s *facts.Snapshot, internal bool) facts.Value[*computepb.Subnetwork] {
	region := "regions/" + Region(s)
	network := networkOf(s)
	subnets, ok := s.Subnetworks.Get()
	for _, subnet := range subnets {
		if scopeIn(subnet.GetSelfLink()) != region || !servesProxies(subnet, internal) || subnet.GetRole() != "ACTIVE" {
			continue
		}
		if network == "" {
			return facts.Unknown[*computepb.Subnetwork](errNoNetwork)
		}
		if facts.RelativePath(subnet.GetNetwork()) == network {
			return facts.Found(subnet)
		}
	}
	switch {
	case !ok && !s.Subnetworks.IsAbsent() || ok && s.Subnetworks.Lacks(region):
		return facts.Unknown[*computepb.Subnetwork](s.Subnetworks.Err())
	case Region(s) == "":
		return facts.Unknown[*computepb.Subnetwork](errNoRegion)
	}
	return facts.Absent[*computepb.Subnetwork]()
}

// UnfitProxySubnets are proxy-only subnets that serve no load balancer of the cluster's
// region and network: in reserve, of another network or of another region.
func UnfitProxySubnets(s *facts.Snapshot) (list []*computepb.Subnetwork) {
	subnets, _ := s.Subnetworks.Get()
	for _, subnet := range subnets {
		if servesProxies(subnet, true) && (scopeIn(subnet.GetSelfLink()) != "regions/"+Region(s) || facts.RelativePath(subnet.GetNetwork()) != networkOf(s) || subnet.GetRole() != "ACTIVE") {
			list = append(list, subnet)
		}
	}
	return list
}

func servesProxies(subnet *computepb.Subnetwork, internal bool) bool {
	return subnet.GetPurpose() == "REGIONAL_MANAGED_PROXY" || internal && subnet.GetPurpose() == "INTERNAL_HTTPS_LOAD_BALANCER"
}

// NetworkOf names the cluster's network; its Name is empty when it isn't known.
func NetworkOf(s *facts.Snapshot) facts.Ref {
	path := networkOf(s)
	project, _, _ := strings.Cut(strings.TrimPrefix(path, "projects/"), "/")
	return facts.Ref{Project: project, Scope: scopeGlobal, Kind: facts.KindNetwork, Name: facts.LastSegment(path)}
}

// networkOf is the relative path of the cluster's network; empty when it isn't known.
func networkOf(s *facts.Snapshot) string {
	if n, ok := s.Network.Get(); ok && n.GetSelfLink() != "" {
		return facts.RelativePath(n.GetSelfLink())
	}
	if c, ok := s.Cluster.Get(); ok && c.NetworkConfig != nil && c.NetworkConfig.Network != "" {
		return facts.RelativePath(c.NetworkConfig.Network)
	}
	return ""
}

// preShared looks for the certificates that the Ingress names; the controller doesn't,
// so the target proxy fails (ingress-controller.md §1.4, pre-shared-cert-missing).
func (t *translator) preShared() {
	for _, name := range splitNames(t.ing.Annotations[PreSharedCertAnnotation]) {
		found := inScope(t.s.SSLCertificates, t.scope(), name)
		if _, ok := found.Get(); ok {
			continue
		}
		f := Fault{
			Code: PreSharedNotFound, Stage: StageHTTPSProxy, Field: PreSharedCertAnnotation, Err: found.Err(),
			Names:   facts.Ref{Project: t.s.Project, Scope: t.scope(), Kind: facts.KindCertificate, Name: name},
			Message: "sslCertificates/" + name,
		}
		if _, other := inScope(t.s.SSLCertificates, t.otherScope(), name).Get(); other {
			f.Variant = OtherScope
		}
		t.fault(f)
	}
}

var errPolicyScope = errors.New("releases of the controller differ in the scope in which they look for an internal Ingress's SSL policy")

// sslPolicy looks for the FrontendConfig's policy (ingress-controller.md §1.4,
// ssl-policy-missing). For gce-internal the controller names the global one, where
// Compute wants the region's: only a policy that is in neither scope is surely
// missing.
func (t *translator) sslPolicy(fc *facts.FrontendConfig) {
	if fc == nil || fc.Spec.SSLPolicy == nil || *fc.Spec.SSLPolicy == "" || !WantsHTTPS(t.ing) {
		return
	}
	name := *fc.Spec.SSLPolicy
	found := inScope(t.s.SSLPolicies, t.scope(), name)
	other := inScope(t.s.SSLPolicies, t.otherScope(), name)
	_, here := found.Get()
	_, there := other.Get()
	f := Fault{
		Code: SSLPolicyNotFound, Stage: StageHTTPSProxy, Field: "spec.sslPolicy", Err: found.Err(),
		On:      facts.Ref{Cluster: t.s.ClusterName, Kind: facts.KindFrontendConfig, Namespace: fc.Namespace, Name: fc.Name},
		Names:   facts.Ref{Project: t.s.Project, Scope: t.scope(), Kind: facts.KindSSLPolicy, Name: name},
		Message: "sslPolicies/" + name,
	}
	if there {
		f.Variant = OtherScope
	}
	switch {
	case t.Class.Internal && here && !there:
		f.Err = errPolicyScope
	case here:
		return
	case t.Class.Internal:
		f.Err = errors.Join(found.Err(), other.Err())
		if there {
			f.Err = errPolicyScope
		}
	}
	t.fault(f)
}
