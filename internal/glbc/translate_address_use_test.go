package glbc

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// inUse gives the Ingress the address shop, which a forwarding rule has.
func (f *fixture) inUse(name, ports, description string) *computepb.ForwardingRule {
	f.annotate(GlobalStaticIPAnnotation, "shop")
	all, _ := f.s.Addresses.Get()
	all[0].Address = new(ourIP)
	fr := &computepb.ForwardingRule{
		Name: &name, SelfLink: new(computeV1 + "global/forwardingRules/" + name), IPAddress: new(ourIP), IPProtocol: new("TCP"),
		PortRange: &ports, Description: &description,
	}
	more(&f.s.ForwardingRules, fr)
	return fr
}

func TestTranslateAddressInUse(t *testing.T) {
	t.Parallel()
	const ours, other = `{"kubernetes.io/ingress-name": "shop/storefront"}`, `{"kubernetes.io/ingress-name": "shop/other"}`
	http, https := []string{"static-ip-in-use forwarding-rule"}, []string{"static-ip-in-use https-forwarding-rule"}
	name := NamesOf(ingressNamed("shop", "storefront"), testKubeUID, "").ForwardingRule
	elsewhere := NamesOf(ingressNamed("shop", "storefront"), otherKubeUID, "").ForwardingRule
	runTranslations(t, []translation{
		{name: "by the Ingress's own rule", do: func(f *fixture) { f.inUse(name, "80-80", ours) }},
		{name: "by the Ingress's own rule, whose description is gone", do: func(f *fixture) { f.inUse(name, "80-80", "") }},
		{name: "by another Ingress's rule", do: func(f *fixture) { f.inUse("k8s2-fr-ma0ofpm6-shop-other-3orgu4uf", "80-80", other) }, want: http},
		{name: "by the same Ingress of another cluster", do: func(f *fixture) { f.inUse(elsewhere, "80-80", ours) }, want: http},
		{name: "by a rule made by hand, for a range", do: func(f *fixture) { f.inUse("by-hand", "1-65535", "") }, want: http},
		{name: "on another port", do: func(f *fixture) { f.inUse("by-hand", "8080-8080", "") }},
		{name: "on the HTTPS port, which the Ingress doesn't serve", do: func(f *fixture) { f.inUse("by-hand", "443-443", "") }},
		{name: "on the HTTPS port", do: func(f *fixture) {
			f.inUse("by-hand", "443-443", "")
			f.annotate(PreSharedCertAnnotation, "shop")
		}, want: https},
		{name: "on the HTTP port, which the Ingress doesn't serve", do: func(f *fixture) {
			f.inUse("by-hand", "80-80", "")
			f.annotate(PreSharedCertAnnotation, "shop", AllowHTTPAnnotation, "false")
		}},
		{name: "over UDP", do: func(f *fixture) { f.inUse("by-hand", "80-80", "").IPProtocol = new("UDP") }},
		{name: "of another address", do: func(f *fixture) { f.inUse("by-hand", "80-80", "").IPAddress = new(otherIP) }},
		{name: "by a rule that may be the Ingress's own", do: func(f *fixture) {
			f.inUse(name, "80-80", ours)
			f.s.ClusterUID = facts.Unknown[string](errDenied)
		}, undecided: http},
		{name: "by another Ingress's rule, and the UID isn't known", do: func(f *fixture) {
			f.inUse("k8s2-fr-ma0ofpm6-shop-other-3orgu4uf", "80-80", other)
			f.s.ClusterUID = facts.Unknown[string](errDenied)
		}, want: http},
		{name: "by a rule under a name from before", do: func(f *fixture) { f.inUse("k8s-fw-shop-storefront--"+testIngressUID, "80-80", ours) }},
	})
}
