package glbc

import (
	"errors"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	certificatemanager "google.golang.org/api/certificatemanager/v1"

	"plumbline/internal/facts"
)

func certificateRef(scope, name string) facts.Ref {
	return facts.Ref{Project: "lumen", Scope: scope, Kind: facts.KindCertificate, Name: name}
}

// certificates are two of Compute and two of Certificate Manager, all called www or
// api.
func certificates() *facts.Snapshot {
	s := &facts.Snapshot{Project: "lumen"}
	s.SSLCertificates = facts.Found([]*computepb.SslCertificate{
		{SelfLink: new(inProject + "global/sslCertificates/www"), ExpireTime: new("2027-01-03T05:11:09.000-08:00"), Managed: &computepb.SslCertificateManagedSslCertificate{
			Status: new("PROVISIONING"), Domains: []string{"b.example", "a.example"}, DomainStatus: map[string]string{"b.example": "FAILED_NOT_VISIBLE", "a.example": "ACTIVE"},
		}},
		{SelfLink: new(inProject + "regions/us-central1/sslCertificates/www")},
	})
	s.Certificates = facts.Found([]*certificatemanager.Certificate{
		{Name: "projects/lumen/locations/global/certificates/api", Managed: &certificatemanager.ManagedCertificate{
			State: "FAILED", AuthorizationAttemptInfo: []*certificatemanager.AuthorizationAttemptInfo{{
				Domain: "api.example", State: "FAILED", FailureReason: "CONFIG",
				Troubleshooting: &certificatemanager.Troubleshooting{Issues: []string{"CNAME_MISMATCH"}},
			}},
		}},
		{Name: "projects/lumen/locations/us-east4/certificates/api"},
	})
	return s
}

func TestCertificatesAreFoundByScopeAndName(t *testing.T) {
	t.Parallel()
	s := certificates()
	for name, tt := range map[string]struct {
		ref     facts.Ref
		status  string
		manager bool
		domains []CertificateDomain
	}{
		"of Compute":               {certificateRef("global", "www"), "PROVISIONING", false, []CertificateDomain{{"a.example", "ACTIVE", ""}, {"b.example", "FAILED_NOT_VISIBLE", ""}}},
		"of Compute, in a region":  {certificateRef("regions/us-central1", "www"), "", false, nil},
		"of Certificate Manager":   {certificateRef("global", "api"), "FAILED", true, []CertificateDomain{{"api.example", "FAILED", "CONFIG, CNAME_MISMATCH"}}},
		"of a location of the map": {certificateRef("regions/us-east4", "api"), "", true, nil},
	} {
		got, ok := CertificateOf(s, tt.ref).Get()
		if !ok || got.Ref != tt.ref || got.Status != tt.status || got.Manager != tt.manager || !cmp.Equal(got.Domains, tt.domains) {
			t.Errorf("%s: %+v, found %t", name, got, ok)
		}
	}
	for _, ref := range []facts.Ref{certificateRef("regions/us-east4", "www"), certificateRef("regions/us-central1", "api"), certificateRef("global", "other")} {
		if !CertificateOf(s, ref).IsAbsent() {
			t.Errorf("%s in %s: it's in another scope", ref, ref.Scope)
		}
	}
}

func TestACertificateMayBeWhereNobodyCouldLook(t *testing.T) {
	t.Parallel()
	refused := errors.New("403 PERMISSION_DENIED")
	for name, deny := range map[string]func(*facts.Snapshot){
		"Compute":             func(s *facts.Snapshot) { s.SSLCertificates = facts.Unknown[[]*computepb.SslCertificate](refused) },
		"Certificate Manager": func(s *facts.Snapshot) { s.Certificates = facts.Unknown[[]*certificatemanager.Certificate](refused) },
	} {
		s := certificates()
		deny(s)
		if got := CertificateOf(s, certificateRef("global", "other")); got.Known() || !errors.Is(got.Err(), refused) {
			t.Errorf("%s refused: known %t, %v", name, got.Known(), got.Err())
		}
	}
}

func TestWhereACertificateIsServed(t *testing.T) {
	t.Parallel()
	const proxy = inProject + "global/targetHttpsProxies/web"
	world := func(p *computepb.TargetHttpsProxy) *facts.Snapshot {
		s := certificates()
		p.SelfLink = new(proxy)
		s.TargetHTTPSProxies = facts.Found([]*computepb.TargetHttpsProxy{p})
		s.TargetSSLProxies = facts.Found([]*computepb.TargetSslProxy{})
		s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{{SelfLink: new(inProject + "global/forwardingRules/web"), Target: new(proxy), IPAddress: new("203.0.113.40"), PortRange: new("443-443")}})
		// Names of this API carry the project's number.
		s.CertificateEntries = facts.Found([]*certificatemanager.CertificateMapEntry{{
			Name: "projects/71/locations/global/certificateMaps/all/certificateMapEntries/api", Certificates: []string{"projects/71/locations/global/certificates/api"},
		}})
		return s
	}
	const theMap = "//certificatemanager.googleapis.com/projects/lumen/locations/global/certificateMaps/all"
	fronts := []Front{{Rule: facts.Ref{Project: "lumen", Scope: "global", Kind: facts.KindForwardingRule, Name: "web"}, Address: "203.0.113.40", Ports: "443"}}
	user := CertificateUser{Proxy: ComputeRef(facts.KindTargetHTTPSProxy, proxy), Rules: fronts}
	mapped, overridden := user, user
	mapped.Map, overridden.Overridden = "projects/lumen/locations/global/certificateMaps/all", true
	for name, tt := range map[string]struct {
		proxy *computepb.TargetHttpsProxy
		cert  facts.Ref
		want  []CertificateUser
	}{
		"named":                                   {&computepb.TargetHttpsProxy{SslCertificates: []string{inProject + "global/sslCertificates/www"}}, certificateRef("global", "www"), []CertificateUser{user}},
		"another scope's of the same name":        {&computepb.TargetHttpsProxy{SslCertificates: []string{inProject + "regions/us-central1/sslCertificates/www"}}, certificateRef("global", "www"), nil},
		"named beside a map":                      {&computepb.TargetHttpsProxy{SslCertificates: []string{inProject + "global/sslCertificates/www"}, CertificateMap: new(theMap)}, certificateRef("global", "www"), []CertificateUser{overridden}},
		"through a map":                           {&computepb.TargetHttpsProxy{CertificateMap: new(theMap)}, certificateRef("global", "api"), []CertificateUser{mapped}},
		"through another map":                     {&computepb.TargetHttpsProxy{CertificateMap: new(theMap + "-other")}, certificateRef("global", "api"), nil},
		"of Certificate Manager, named by itself": {&computepb.TargetHttpsProxy{SslCertificates: []string{"//certificatemanager.googleapis.com/projects/lumen/locations/us-east4/certificates/api"}}, certificateRef("regions/us-east4", "api"), []CertificateUser{user}},
	} {
		s := world(tt.proxy)
		cert, _ := CertificateOf(s, tt.cert).Get()
		got, err := UsersOf(s, cert)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		s.TargetSSLProxies = facts.Value[[]*computepb.TargetSslProxy]{}
		if _, err := UsersOf(s, cert); err == nil {
			t.Errorf("%s: SSL proxies weren't read, and nobody says so", name)
		}
	}
}
