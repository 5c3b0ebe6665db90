package glbc

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"

	"plumbline/internal/facts"
)

const (
	webService  = inProject + "global/backendServices/web"
	apiService  = inProject + "global/backendServices/api"
	assetBucket = inProject + "global/backendBuckets/assets"
)

// site sends www and any other host to web, api.example to a bucket and under /v1 to
// api, and a share of canary.example to both services.
func site() *computepb.UrlMap {
	return &computepb.UrlMap{
		SelfLink: new(inProject + "global/urlMaps/site"), DefaultService: new(webService),
		HostRules: []*computepb.HostRule{
			{Hosts: []string{"api.example", "api.example:8443"}, PathMatcher: new("api")},
			{Hosts: []string{"canary.example"}, PathMatcher: new("canary")},
		},
		PathMatchers: []*computepb.PathMatcher{
			{Name: new("api"), DefaultService: new(assetBucket), PathRules: []*computepb.PathRule{{Paths: []string{"/v1/*"}, Service: new(apiService)}}},
			{Name: new("canary"), RouteRules: []*computepb.HttpRouteRule{{RouteAction: &computepb.HttpRouteAction{
				WeightedBackendServices: []*computepb.WeightedBackendService{{BackendService: new(webService)}, {BackendService: new(apiService)}},
			}}}},
		},
	}
}

func TestEveryServiceThatAURLMapNames(t *testing.T) {
	t.Parallel()
	want := []string{facts.RelativePath(webService), facts.RelativePath(assetBucket), facts.RelativePath(apiService)}
	if diff := cmp.Diff(want, ServicesOf(site())); diff != "" {
		t.Errorf("services (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"api.example", "canary.example"}, HostsOf(site())); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
}

func TestHostsThatLeadToAService(t *testing.T) {
	t.Parallel()
	for service, want := range map[string]struct {
		hosts []string
		any   bool
	}{
		webService:         {[]string{"canary.example"}, true},
		apiService:         {[]string{"api.example", "canary.example"}, false},
		assetBucket:        {[]string{"api.example"}, false},
		apiService + "-v2": {nil, false},
	} {
		hosts, others := HostsTo(site(), facts.RelativePath(service))
		if !cmp.Equal(hosts, want.hosts) || others != want.any {
			t.Errorf("%s: %v, any %t, want %v", facts.LastSegment(service), hosts, others, want)
		}
	}
}

func TestABackendServiceKnowsItsHosts(t *testing.T) {
	t.Parallel()
	s := &facts.Snapshot{}
	s.URLMaps = facts.Found([]*computepb.UrlMap{site()})
	b := BackendOf(s, vmService("api", ""))
	if diff := cmp.Diff([]string{"api.example", "canary.example"}, b.Hosts); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	if b.Title() != "backend service api" || b.Ref("").Kind != facts.KindBackendService {
		t.Errorf("%s, %s", b.Title(), b.Ref(""))
	}
}
