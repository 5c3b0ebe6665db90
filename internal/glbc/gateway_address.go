package glbc

import (
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// namedAddress is the address type by which a Gateway names a reserved address.
const namedAddress = "NamedAddress"

// A NamedAddress is a reserved address that a Gateway asks for by name.
type NamedAddress struct {
	// Ref is what it asks for: the name, in the scope that its class looks in.
	Ref  facts.Ref
	Live facts.Value[*computepb.Address]
	// Elsewhere is an address of that name in another scope; zero for none.
	Elsewhere facts.Ref
}

// NamedAddresses are the reserved addresses that a Gateway names. None where the class
// doesn't tell in which scope they are.
func NamedAddresses(s *facts.Snapshot, g *gatewayv1.Gateway) []NamedAddress {
	class, ok := GatewayClassOf(s, g).Get()
	if !ok || class.Scheme == "" || class.MultiCluster {
		return nil
	}
	var list []NamedAddress
	scope := class.Scope(Region(s))
	all, _ := s.Addresses.Get()
	for _, a := range g.Spec.Addresses {
		if a.Type == nil || string(*a.Type) != namedAddress || a.Value == "" {
			continue
		}
		n := NamedAddress{Ref: facts.Ref{Project: s.Project, Scope: scope, Kind: facts.KindAddress, Name: a.Value}, Live: inScope(s.Addresses, scope, a.Value)}
		if i := slices.IndexFunc(all, func(o *computepb.Address) bool { return o.GetName() == a.Value && scopeIn(o.GetSelfLink()) != scope }); i >= 0 {
			n.Elsewhere = ComputeRef(facts.KindAddress, all[i].GetSelfLink())
		}
		list = append(list, n)
	}
	return list
}
