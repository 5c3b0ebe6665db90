package service_test

import (
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	certificatemanager "google.golang.org/api/certificatemanager/v1"

	"plumbline/internal/facts"
	"plumbline/internal/service"
)

const lumen = "https://www.googleapis.com/compute/v1/projects/lumen/"

func vmTarget(scope, kind, name string) facts.Ref {
	return facts.Ref{Project: "lumen", Scope: scope, Kind: kind, Name: name}
}

// relay is a backend service behind a proxy that ends TLS with a certificate map, and
// a site on HTTP beside it.
func relay(protocol, scheme, region string) *facts.Snapshot {
	scope := "global/"
	bs := &computepb.BackendService{Protocol: new(protocol), LoadBalancingScheme: new(scheme), HealthChecks: []string{lumen + "global/healthChecks/relay"}}
	if region != "" {
		scope, bs.Region = "regions/"+region+"/", new(region)
	}
	bs.Name, bs.SelfLink = new("relay"), new(lumen+scope+"backendServices/relay")
	bs.Backends = []*computepb.Backend{{Group: new(lumen + "zones/us-central1-b/instanceGroups/relay")}, {Group: new(lumen + "regions/us-central1/networkEndpointGroups/run")}}
	s := &facts.Snapshot{Project: "lumen"}
	s.NetworkName = "core"
	s.BackendServices = facts.Found([]*computepb.BackendService{bs})
	s.NEGs = facts.Found([]*computepb.NetworkEndpointGroup{{SelfLink: new(lumen + "regions/us-central1/networkEndpointGroups/run"), NetworkEndpointType: new("SERVERLESS")}})
	s.URLMaps = facts.Found([]*computepb.UrlMap{
		{SelfLink: new(lumen + "global/urlMaps/site"), DefaultService: bs.SelfLink, HostRules: []*computepb.HostRule{{Hosts: []string{"www.lumen.example", "*"}, PathMatcher: new("m")}}},
		{SelfLink: new(lumen + "global/urlMaps/other"), DefaultService: new(lumen + "global/backendServices/other"), HostRules: []*computepb.HostRule{{Hosts: []string{"other.lumen.example"}}}},
	})
	s.TargetHTTPSProxies = facts.Found([]*computepb.TargetHttpsProxy{
		{SelfLink: new(lumen + "global/targetHttpsProxies/site"), UrlMap: new(lumen + "global/urlMaps/site"), SslCertificates: []string{lumen + "global/sslCertificates/site"}, SslPolicy: new(lumen + "global/sslPolicies/modern")},
		{SelfLink: new(lumen + "global/targetHttpsProxies/other"), UrlMap: new(lumen + "global/urlMaps/other"), CertificateMap: new("//certificatemanager.googleapis.com/projects/lumen/locations/global/certificateMaps/other")},
	})
	s.TargetSSLProxies = facts.Found([]*computepb.TargetSslProxy{
		{SelfLink: new(lumen + "global/targetSslProxies/relay"), Service: bs.SelfLink, CertificateMap: new("//certificatemanager.googleapis.com/projects/lumen/locations/global/certificateMaps/relay")},
	})
	return s
}

func wants(w facts.Wish, kinds ...facts.Kind) bool {
	for _, k := range kinds {
		if !slices.Contains(w.Needs, facts.Need{Kind: k}) {
			return false
		}
	}
	return true
}

func TestWhatABackendServiceOfItsOwnNeeds(t *testing.T) {
	t.Parallel()
	target := vmTarget("global", facts.KindBackendService, "relay")
	w := service.Plan{}.Wish(relay("SSL", "EXTERNAL", ""), []facts.Ref{target})
	if !wants(w, facts.HealthChecks, facts.InstanceGroups, facts.Firewalls, facts.Instances, facts.TargetSSLProxies, facts.SSLCertificates, facts.SSLPolicies, facts.CertificateMaps, facts.Certificates) {
		t.Errorf("needs %v", w.Needs)
	}
	if wants(w, facts.Ingresses) || wants(w, facts.Pods) || wants(w, facts.Subnetworks) || wants(w, facts.TargetTCPProxies) {
		t.Errorf("needs too much: %v", w.Needs)
	}
	if len(w.Groups) != 1 || !strings.HasSuffix(w.Groups[0].Group, "instanceGroups/relay") {
		t.Errorf("groups %v: a serverless one has no health to ask for", w.Groups)
	}
	if !slices.Equal(w.CertificateMaps, []string{"projects/lumen/locations/global/certificateMaps/relay"}) || !slices.Equal(w.Hosts, []string{"www.lumen.example"}) {
		t.Errorf("maps %v, hosts %v", w.CertificateMaps, w.Hosts)
	}
	if w := (service.Plan{}).Wish(relay("TCP", "EXTERNAL", ""), []facts.Ref{target}); !wants(w, facts.TargetTCPProxies) {
		t.Error("a TCP proxy may lead there")
	}
	regional := vmTarget("regions/us-central1", facts.KindBackendService, "relay")
	if w := (service.Plan{}).Wish(relay("HTTP", "INTERNAL_MANAGED", "us-central1"), []facts.Ref{regional}); !wants(w, facts.Subnetworks) {
		t.Error("a regional proxy has a subnetwork of its own")
	}
}

func TestWhatACertificateNeeds(t *testing.T) {
	t.Parallel()
	s := relay("SSL", "EXTERNAL", "")
	s.Certificates = facts.Found([]*certificatemanager.Certificate{{
		Name: "projects/lumen/locations/global/certificates/relay", Managed: &certificatemanager.ManagedCertificate{Domains: []string{"relay.lumen.example", "*.lumen.example"}},
	}})
	w := service.Plan{}.Wish(s, []facts.Ref{vmTarget("global", facts.KindCertificate, "relay")})
	if !wants(w, facts.SSLCertificates, facts.Certificates, facts.TargetHTTPSProxies, facts.TargetSSLProxies, facts.ForwardingRules) || wants(w, facts.Clusters) || len(w.Groups) > 0 {
		t.Errorf("needs %v, groups %v", w.Needs, w.Groups)
	}
	if len(w.CertificateMaps) != 2 || !slices.Equal(w.Hosts, []string{"relay.lumen.example"}) || len(w.CertificateLocations) > 0 {
		t.Errorf("maps %v, hosts %v, locations %v", w.CertificateMaps, w.Hosts, w.CertificateLocations)
	}
	w = service.Plan{}.Wish(s, []facts.Ref{vmTarget("regions/us-east4", facts.KindCertificate, "relay")})
	if !slices.Equal(w.CertificateLocations, []string{"projects/lumen/locations/us-east4"}) {
		t.Errorf("locations %v", w.CertificateLocations)
	}
}

func TestWhatStandsForItselfIsItsOwnTarget(t *testing.T) {
	t.Parallel()
	s := relay("SSL", "EXTERNAL", "")
	s.SSLCertificates = facts.Found([]*computepb.SslCertificate{{SelfLink: new(lumen + "global/sslCertificates/www")}})
	s.Certificates = facts.Found([]*certificatemanager.Certificate{})
	unread := relay("SSL", "EXTERNAL", "")
	for name, tt := range map[string]struct {
		s           *facts.Snapshot
		ref         facts.Ref
		there, sure bool
	}{
		"a backend service":                   {s, vmTarget("global", facts.KindBackendService, "relay"), true, true},
		"one of another scope":                {s, vmTarget("regions/us-central1", facts.KindBackendService, "relay"), false, true},
		"a certificate":                       {s, vmTarget("global", facts.KindCertificate, "www"), true, true},
		"a certificate that is nowhere":       {s, vmTarget("global", facts.KindCertificate, "api"), false, true},
		"a certificate that nobody looked up": {unread, vmTarget("global", facts.KindCertificate, "api"), true, true},
	} {
		got := service.Plan{}.Resolve(tt.s, []facts.Ref{tt.ref})
		if len(got) != 1 || (got[0].Ref == tt.ref) != tt.there || got[0].Sure != tt.sure || (got[0].Reason == "") != tt.there {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestTheLogIsAskedWithoutACluster(t *testing.T) {
	t.Parallel()
	s := relay("SSL", "EXTERNAL", "")
	s.Now = now
	target := vmTarget("global", facts.KindBackendService, "relay")
	s.Targets = []facts.Target{{Asked: target, Ref: target, Sure: true}}
	filter := service.Plan{}.LogFilter(s)
	for _, part := range []string{`projects/lumen/global/backendServices/relay`, `projects/lumen/global/healthChecks/relay`, `resource.labels.instance_group_name="relay"`} {
		if !strings.Contains(filter, part) {
			t.Errorf("%s isn't asked for in %s", part, filter)
		}
	}
	if strings.Contains(filter, "k8s.io") || strings.Contains(filter, "container.googleapis.com") {
		t.Errorf("a cluster is asked for in %s", filter)
	}
}
