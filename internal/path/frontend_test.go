package path_test

import (
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

const argoHost = "argocd.acme.example"

func TestDNS(t *testing.T) {
	internal := facts.Ref{Cluster: mainCluster, Kind: facts.KindIngress, Namespace: "desk", Name: "desk"}
	run(t, []row{
		{name: "the host is at the load balancer", station: path.DNS, want: path.OK, says: argoHost + " → 203.0.113.17"},
		{
			name: "the host doesn't exist", station: path.DNS, want: path.Broken, says: "doesn't exist", differs: "A",
			do: func(f *fixture) { f.dns(argoHost, facts.DNSRecords{NXDomain: true}) },
		},
		{
			name: "the host has no address", station: path.DNS, want: path.Broken, says: "no address", differs: "A",
			do: func(f *fixture) { f.dns(argoHost, facts.DNSRecords{}) },
		},
		{
			name: "the host is somewhere else, or a proxy is in front", station: path.DNS, want: path.Unknown, says: "198.51.100.7, not 203.0.113.17 (a proxy in front?)",
			do: func(f *fixture) { f.dns(argoHost, facts.DNSRecords{A: addresses([]string{"198.51.100.7"})}) },
		},
		{
			name: "an old address beside the new one", station: path.DNS, want: path.Broken, says: "stray A record, 198.51.100.7",
			do: func(f *fixture) {
				f.dns(argoHost, facts.DNSRecords{A: addresses([]string{"198.51.100.7", "203.0.113.17"})})
			},
		},
		{
			name: "a stray AAAA record", station: path.DNS, want: path.Broken, says: "stray AAAA record, 2001:db8::1", differs: "AAAA",
			do: func(f *fixture) {
				f.dns(argoHost, facts.DNSRecords{A: addresses([]string{"203.0.113.17"}), AAAA: addresses([]string{"2001:db8::1"})})
			},
		},
		{
			name: "the look-up failed", station: path.DNS, want: path.Unknown, says: argoHost,
			do: func(f *fixture) { f.s.DNS[argoHost] = facts.Unknown[facts.DNSRecords](errScope) },
		},
		{
			name: "the host was never looked up", station: path.DNS, want: path.Unknown, says: "not read",
			do: func(f *fixture) { delete(f.s.DNS, argoHost) },
		},
		{
			name: "a wildcard can't be asked for", station: path.DNS, want: path.NotApplicable, also: []path.Station{path.URLMap},
			do: func(f *fixture) { f.ingress().Spec.Rules[0].Host = "*.acme.example" },
		},
		{
			name: "no hosts", station: path.DNS, want: path.NotApplicable, also: []path.Station{path.URLMap},
			do: func(f *fixture) { f.ingress().Spec.Rules[0].Host = "" },
		},
		{
			name: "no address to compare with", station: path.DNS, want: path.Unknown, says: "isn't known", also: []path.Station{path.Address},
			do: func(f *fixture) { f.ingress().Status.LoadBalancer.Ingress = nil },
		},
		{
			name: "a name of an internal load balancer that nobody outside knows", world: "internal-neg", target: internal, station: path.DNS, want: path.Unknown, says: "inside the network",
			do: func(f *fixture) {
				for host := range f.s.DNS {
					f.dns(host, facts.DNSRecords{NXDomain: true})
				}
			},
		},
		{
			name: "a name of an internal load balancer that means something else outside", world: "internal-neg", target: internal, station: path.DNS, want: path.Unknown,
			do: func(f *fixture) {
				for host := range f.s.DNS {
					f.dns(host, facts.DNSRecords{A: addresses([]string{"198.51.100.7"})})
				}
			},
		},
	})
}

func TestAddress(t *testing.T) {
	run(t, []row{
		{name: "a reserved one", station: path.Address, want: path.OK, says: "203.0.113.17"},
		{name: "an ephemeral one", target: ingress("shop", "storefront"), station: path.Address, want: path.OK, says: "203.0.113.28"},
		{
			name: "an ephemeral one needs no list of addresses", target: ingress("shop", "storefront"), station: path.Address, want: path.OK,
			do: func(f *fixture) { f.s = f.s.Without(facts.Addresses) },
		},
		{
			name: "none for a long time", station: path.Address, want: path.Broken, says: "not provisioned",
			do: func(f *fixture) { f.ingress().Status.LoadBalancer.Ingress = nil },
		},
		{
			name: "none after a minute", station: path.Address, want: path.Unknown, says: "none yet",
			do: func(f *fixture) { f.ingress().Status.LoadBalancer.Ingress = nil; f.changed(time.Minute) },
		},
		{
			name: "the reserved one doesn't exist", station: path.Address, want: path.Broken, says: "static-ip-not-found", differs: "static-ip-name",
			do: func(f *fixture) { without(&f.s.Addresses, has[*computepb.Address]("argocd")) },
		},
		{
			name: "the reserved one is of another scope", station: path.Address, want: path.Broken, says: "static-ip-wrong-scope",
			do: func(f *fixture) {
				first(f, f.s.Addresses, has[*computepb.Address]("argocd")).SelfLink = new("https://www.googleapis.com/compute/v1/projects/shop-prod/regions/europe-west1/addresses/argocd")
			},
		},
		{
			name: "the reserved one is another", station: path.Address, want: path.Broken, says: "203.0.113.99 is reserved as argocd", differs: "status.loadBalancer",
			do: func(f *fixture) {
				first(f, f.s.Addresses, has[*computepb.Address]("argocd")).Address = new("203.0.113.99")
			},
		},
		{
			name: "the annotation was edited a moment ago", station: path.Address, want: path.Unknown,
			do: func(f *fixture) {
				first(f, f.s.Addresses, has[*computepb.Address]("argocd")).Address = new("203.0.113.99")
				f.changed(time.Minute)
			},
		},
		{
			name: "the reserved one couldn't be read", station: path.Address, want: path.Unknown,
			do: func(f *fixture) { f.s = f.s.Without(facts.Addresses) },
		},
	})
}

func isHTTPSRule(fr *computepb.ForwardingRule) bool {
	return fr.GetPortRange() == "443-443" && fr.GetIPAddress() == "203.0.113.17"
}

func TestForwardingRule(t *testing.T) {
	run(t, []row{
		{name: "one for each protocol", station: path.ForwardingRule, want: path.OK},
		{
			name: "the one for HTTPS isn't there", station: path.ForwardingRule, want: path.Broken, says: "the HTTPS forwarding rule isn't there", differs: "name",
			do: func(f *fixture) { without(&f.s.ForwardingRules, isHTTPSRule) },
		},
		{
			name: "the one for HTTPS isn't there yet", station: path.ForwardingRule, want: path.Unknown,
			do: func(f *fixture) { without(&f.s.ForwardingRules, isHTTPSRule); f.changed(5 * time.Minute) },
		},
		{
			name: "HTTP isn't wanted", station: path.ForwardingRule, want: path.OK, differs: "portRange",
			do: func(f *fixture) { f.ingress().Annotations[glbc.AllowHTTPAnnotation] = "false" },
		},
		{
			name: "HTTP isn't wanted and isn't there", station: path.ForwardingRule, want: path.OK,
			do: func(f *fixture) {
				f.ingress().Annotations[glbc.AllowHTTPAnnotation] = "false"
				without(&f.s.ForwardingRules, func(fr *computepb.ForwardingRule) bool {
					return fr.GetPortRange() == "80-80" && fr.GetIPAddress() == "203.0.113.17"
				})
			},
		},
		{
			name: "it has another address", station: path.ForwardingRule, want: path.Broken, differs: "IPAddress",
			do: func(f *fixture) { first(f, f.s.ForwardingRules, isHTTPSRule).IPAddress = new("203.0.113.98") },
		},
		{
			name: "it leads to another proxy", station: path.ForwardingRule, want: path.Broken, differs: "target",
			do: func(f *fixture) {
				fr := first(f, f.s.ForwardingRules, isHTTPSRule)
				fr.Target = new(fr.GetTarget() + "-old")
			},
		},
		{
			name: "the list has none though the status has an address", station: path.ForwardingRule, want: path.Unknown, says: "lists none at all",
			do: func(f *fixture) { empty(&f.s.ForwardingRules) },
		},
		{
			name: "nginx serves the Ingress", station: path.ForwardingRule, want: path.NotApplicable, says: "nginx",
			do: func(f *fixture) { f.ingress().Annotations[glbc.ClassAnnotation] = "nginx" },
		},
	})
}

func TestProxy(t *testing.T) {
	httpsProxy := func(f *fixture) *computepb.TargetHttpsProxy {
		return first(f, f.s.TargetHTTPSProxies, has[*computepb.TargetHttpsProxy]("argocd"))
	}
	cert := func(f *fixture) *computepb.SslCertificate {
		return first(f, f.s.SSLCertificates, has[*computepb.SslCertificate]("argocd"))
	}
	run(t, []row{
		{name: "both are there", station: path.Proxy, want: path.OK},
		{
			name: "the HTTPS proxy isn't there", station: path.Proxy, want: path.Broken, says: "the target HTTPS proxy isn't there", differs: "name",
			do: func(f *fixture) { empty(&f.s.TargetHTTPSProxies) },
		},
		{
			name: "it names another URL map", station: path.Proxy, want: path.Broken, differs: "urlMap",
			do: func(f *fixture) { httpsProxy(f).UrlMap = new(httpsProxy(f).GetUrlMap() + "-old") },
		},
		{
			name: "its certificate has expired", station: path.Proxy, want: path.Broken, says: "expired on",
			do: func(f *fixture) { cert(f).ExpireTime = new(f.s.Now.Add(-time.Hour).Format(time.RFC3339)) },
		},
		{
			name: "its certificate expires in an hour", station: path.Proxy, want: path.OK,
			do: func(f *fixture) { cert(f).ExpireTime = new(f.s.Now.Add(time.Hour).Format(time.RFC3339)) },
		},
		{
			name: "an expired certificate that another stands in for", station: path.Proxy, want: path.OK, differs: "status",
			do: func(f *fixture) {
				old := &computepb.SslCertificate{
					Name: new("old"), SelfLink: new("https://www.googleapis.com/compute/v1/projects/shop-prod/global/sslCertificates/old"),
					SubjectAlternativeNames: []string{argoHost}, ExpireTime: new("2026-01-01T00:00:00Z"),
				}
				cert(f).SubjectAlternativeNames = []string{argoHost}
				list, _ := f.s.SSLCertificates.Get()
				f.s.SSLCertificates = facts.Found(append(list, old))
				httpsProxy(f).SslCertificates = append(httpsProxy(f).SslCertificates, old.GetSelfLink())
			},
		},
		{
			name: "a managed certificate that failed", station: path.Proxy, want: path.Broken, says: "PROVISIONING_FAILED",
			do: func(f *fixture) {
				cert(f).Managed = &computepb.SslCertificateManagedSslCertificate{Status: new("PROVISIONING_FAILED"), Domains: []string{argoHost}}
			},
		},
		{
			name: "a managed certificate that is new", station: path.Proxy, want: path.Unknown, says: "being provisioned",
			do: func(f *fixture) {
				cert(f).Managed = &computepb.SslCertificateManagedSslCertificate{Status: new("PROVISIONING"), Domains: []string{argoHost}}
				cert(f).CreationTimestamp = new(f.s.Now.Add(-10 * time.Minute).Format(time.RFC3339))
			},
		},
		{
			name: "a managed certificate that has been provisioned for a day", station: path.Proxy, want: path.Broken, says: "PROVISIONING",
			do: func(f *fixture) {
				cert(f).Managed = &computepb.SslCertificateManagedSslCertificate{Status: new("PROVISIONING"), Domains: []string{argoHost}}
				cert(f).CreationTimestamp = new(f.s.Now.Add(-24 * time.Hour).Format(time.RFC3339))
			},
		},
		{
			name: "a certificate for other names", station: path.Proxy, want: path.OK, differs: "sslCertificates",
			do: func(f *fixture) { cert(f).Managed, cert(f).SubjectAlternativeNames = nil, []string{"*.other.example"} },
		},
		{
			name: "the pre-shared certificate doesn't exist", station: path.Proxy, want: path.Broken, says: "pre-shared-not-found",
			do: func(f *fixture) { f.ingress().Annotations[glbc.PreSharedCertAnnotation] = "lost" },
		},
		{
			name: "the ManagedCertificate doesn't exist", station: path.Proxy, want: path.Broken, says: "ManagedCertificate/argocd/web doesn't exist",
			do: func(f *fixture) { f.ingress().Annotations[glbc.ManagedCertsAnnotation] = "web" },
		},
		{
			name: "an SSL policy that isn't in the list", station: path.Proxy, want: path.Unknown, says: "SSLPolicy/modern",
			do: func(f *fixture) { httpsProxy(f).SslPolicy = new("projects/shop-prod/global/sslPolicies/modern") },
		},
		{
			name: "no HTTPS is wanted", target: ingress("shop", "storefront"), station: path.Proxy, want: path.OK,
			do: func(f *fixture) { f.s = f.s.Without(facts.TargetHTTPSProxies) },
		},
	})
}
