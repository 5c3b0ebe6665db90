package glbc_test

import (
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/glbc"
)

// TestServiceFor follows a URL map as the proxies do: host before path, the narrowest
// match first, and no guess where a header decides.
func TestServiceFor(t *testing.T) {
	t.Parallel()
	m := &computepb.UrlMap{
		DefaultService: new("projects/p/global/backendServices/none"),
		HostRules: []*computepb.HostRule{
			{Hosts: []string{"shop.acme.example"}, PathMatcher: new("shop")},
			{Hosts: []string{"*.acme.example"}, PathMatcher: new("any")},
		},
		PathMatchers: []*computepb.PathMatcher{
			{
				Name: new("shop"), DefaultService: new("projects/p/global/backendServices/none"),
				PathRules: []*computepb.PathRule{
					{Paths: []string{"/"}, Service: new("projects/p/global/backendServices/web")},
					{Paths: []string{"/api/*"}, Service: new("projects/p/global/backendServices/api")},
					{Paths: []string{"/api/v2/*", "/api/v2"}, Service: new("projects/p/global/backendServices/v2")},
				},
			},
			{
				Name: new("any"), DefaultService: new("projects/p/global/backendServices/none"),
				RouteRules: []*computepb.HttpRouteRule{
					{Priority: new(int32(2)), MatchRules: []*computepb.HttpRouteRuleMatch{{PrefixMatch: new("/")}}, Service: new("projects/p/global/backendServices/rest")},
					{Priority: new(int32(1)), MatchRules: []*computepb.HttpRouteRuleMatch{{PrefixMatch: new("/beta"), HeaderMatches: []*computepb.HttpHeaderMatch{{}}}}},
				},
			},
		},
	}
	for _, tt := range []struct {
		host, path, want string
		known            bool
	}{
		{"shop.acme.example", "/", "web", true},
		{"SHOP.acme.example", "/cart", "none", true},
		{"shop.acme.example", "/api/x", "api", true},
		{"shop.acme.example", "/api/v2", "v2", true},
		{"shop.acme.example", "/api/v2/x", "v2", true},
		{"other.acme.example", "/cart", "rest", true},
		{"other.acme.example", "/beta/x", "", false},
		{"acme.example", "/", "none", true},
	} {
		got, known := glbc.ServiceFor(m, tt.host, tt.path)
		if want := "projects/p/global/backendServices/" + tt.want; known != tt.known || known && got != want {
			t.Errorf("%s%s goes to %q (%t), want %q (%t)", tt.host, tt.path, got, known, tt.want, tt.known)
		}
	}
}
