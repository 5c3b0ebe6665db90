package glbc

import (
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

func TestExpandPath(t *testing.T) {
	t.Parallel()
	exact, prefix, free, other := networkingv1.PathTypeExact, networkingv1.PathTypePrefix, networkingv1.PathTypeImplementationSpecific, networkingv1.PathType("Regex")
	for _, tt := range []struct {
		kind    *networkingv1.PathType
		path    string
		want    string
		refused string
	}{
		{&prefix, "/", "/*", ""},
		{&prefix, "/foo", "/foo /foo/*", ""},
		{&prefix, "/foo/", "/foo /foo/*", ""},
		{&prefix, "/foo/bar", "/foo/bar /foo/bar/*", ""},
		{&prefix, "", "", PrefixEmpty},
		{&prefix, "/*", "", PrefixWildcard},
		{&prefix, "/foo*", "", PrefixWildcard},
		{&exact, "/", "/", ""},
		{&exact, "/foo/", "/foo/", ""},
		{&exact, "", "", ExactEmpty},
		{&exact, "/foo/*", "", ExactWildcard},
		{&free, "", "/*", ""},
		{&free, "/", "/", ""},
		{&free, "/foo/*", "/foo/*", ""},
		{&free, "/fo*o", "/fo*o", ""},
		{nil, "", "/*", ""},
		{nil, "/foo", "/foo", ""},
		{&other, "/foo", "", PathTypeUnsupported},
	} {
		got, err := ExpandPath(networkingv1.HTTPIngressPath{Path: tt.path, PathType: tt.kind})
		refused := ""
		if err != nil {
			refused = err.Variant
		}
		if strings.Join(got, " ") != tt.want || refused != tt.refused {
			t.Errorf("%q becomes %q, refused %q, want %q, %q", tt.path, got, refused, tt.want, tt.refused)
		}
	}
}

func TestDesiredURLMap(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.ing.Spec.Rules = nil
	to := func(service string) *networkingv1.IngressServiceBackend {
		return &networkingv1.IngressServiceBackend{Name: service, Port: networkingv1.ServiceBackendPort{Number: 80}}
	}
	f.rule("a", networkingv1.PathTypePrefix, "/old")
	f.rule("", networkingv1.PathTypeExact, "/", "/x")
	f.rule("a", networkingv1.PathTypePrefix, "/api", "/")
	f.rule("a2", networkingv1.PathTypePrefix)
	f.ing.Spec.Rules = append(f.ing.Spec.Rules, networkingv1.IngressRule{Host: "skipped"})
	a := f.ing.Spec.Rules[2].HTTP
	a.Paths[1].Backend.Service = to("root")
	// A path that an earlier Prefix made already goes where the later one says.
	a.Paths = append(a.Paths, networkingv1.HTTPIngressPath{Path: "/api/*", Backend: networkingv1.IngressBackend{Service: to("api2")}},
		networkingv1.HTTPIngressPath{Path: "/r"})
	port := func(service string) ServicePortName {
		return ServicePortName{"shop", service, networkingv1.ServiceBackendPort{Number: 80}}
	}
	want := URLMap{Default: port("web"), Hosts: []HostRule{
		{Host: "*", PathMatcher: PathMatcherName("*"), Paths: []PathRule{{"/", port("web")}, {"/x", port("web")}}},
		{Host: "a", PathMatcher: PathMatcherName("a"), Paths: []PathRule{{"/api", port("web")}, {"/*", port("root")}, {"/api/*", port("api2")}}},
		{Host: "a2", PathMatcher: PathMatcherName("a2")},
	}}
	if diff := cmp.Diff(want, DesiredURLMap(f.ing)); diff != "" {
		t.Error(diff)
	}
	f.ing.Spec.DefaultBackend = nil
	if got := DesiredURLMap(f.ing).Default; got != SystemDefault() {
		t.Errorf("without defaultBackend: %+v", got)
	}
}

// liveMap is the URL map of hosts a and *, as the fixture's Ingress makes it.
func liveMap() *computepb.UrlMap {
	url := func(name string) *string { return new(computeV1 + "global/backendServices/" + name) }
	matcher := func(name string, rules ...*computepb.PathRule) *computepb.PathMatcher {
		return &computepb.PathMatcher{Name: &name, DefaultService: url("bs-web"), PathRules: rules}
	}
	return &computepb.UrlMap{
		DefaultService: url("bs-web"),
		HostRules:      []*computepb.HostRule{{Hosts: []string{"*"}, PathMatcher: new("any")}, {Hosts: []string{"a"}, PathMatcher: new("of-a")}},
		PathMatchers: []*computepb.PathMatcher{
			matcher("of-a", &computepb.PathRule{Paths: []string{"/api/*", "/api"}, Service: url("bs-api")}),
			matcher("any", &computepb.PathRule{Paths: []string{"/*"}, Service: url("bs-web")}),
		},
	}
}

func TestCompareURLMap(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.ing.Spec.Rules = nil
	f.rule("a", networkingv1.PathTypePrefix, "/api")
	f.ing.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name = "api"
	f.rule("", networkingv1.PathTypePrefix, "/")
	desired := DesiredURLMap(f.ing)
	nameOf := func(n ServicePortName) facts.Value[string] { return facts.Found("bs-" + n.Service) }
	for _, tt := range []struct {
		name string
		do   func(m *computepb.UrlMap)
		want []Difference
	}{
		{"the same, in another order", func(*computepb.UrlMap) {}, nil},
		{"a host less", func(m *computepb.UrlMap) { m.HostRules = m.HostRules[:1] }, []Difference{{Kind: HostMissing, Host: "a"}}},
		{"no rule for any host", func(m *computepb.UrlMap) { m.HostRules = m.HostRules[1:] }, []Difference{{Kind: HostMissing, Host: "*"}}},
		{"a host more", func(m *computepb.UrlMap) { m.HostRules[1].Hosts = []string{"a", "b"} }, []Difference{{Kind: HostExtra, Host: "b"}}},
		{
			"a path less", func(m *computepb.UrlMap) { m.PathMatchers[0].PathRules[0].Paths = []string{"/api"} },
			[]Difference{{Kind: PathMissing, Host: "a", Path: "/api/*", Want: "bs-api"}},
		},
		{
			"a path more", func(m *computepb.UrlMap) {
				m.PathMatchers[0].PathRules = append(m.PathMatchers[0].PathRules, &computepb.PathRule{Paths: []string{"/x"}, Service: new("bs-x")})
			}, []Difference{{Kind: PathExtra, Host: "a", Path: "/x", Have: "bs-x"}},
		},
		{
			"another backend", func(m *computepb.UrlMap) { m.PathMatchers[0].PathRules[0].Service = new("x/bs-web") },
			[]Difference{
				{Kind: BackendDiffers, Host: "a", Path: "/api", Want: "bs-api", Have: "bs-web"},
				{Kind: BackendDiffers, Host: "a", Path: "/api/*", Want: "bs-api", Have: "bs-web"},
			},
		},
		{"another default", func(m *computepb.UrlMap) { m.DefaultService = new("x/bs-old") }, []Difference{{Kind: DefaultDiffers, Want: "bs-web", Have: "bs-old"}}},
		{
			"another default of a host", func(m *computepb.UrlMap) { m.PathMatchers[0].DefaultService = new("x/bs-old") },
			[]Difference{{Kind: DefaultDiffers, Host: "a", Want: "bs-web", Have: "bs-old"}},
		},
		{
			"a redirect by hand", func(m *computepb.UrlMap) {
				m.PathMatchers[1].PathRules[0].UrlRedirect = &computepb.HttpRedirectAction{}
			},
			[]Difference{{Kind: ActionExtra, Host: "*", Path: "/*", Have: "bs-web"}},
		},
		{
			"route rules by hand", func(m *computepb.UrlMap) { m.PathMatchers[0].RouteRules = []*computepb.HttpRouteRule{{}} },
			[]Difference{{Kind: ActionExtra, Host: "a"}},
		},
	} {
		live := liveMap()
		tt.do(live)
		got, err := CompareURLMap(desired, live, nameOf)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestCompareURLMapWithNamesThatAreNotKnown(t *testing.T) {
	t.Parallel()
	f := newFixture()
	live := liveMap()
	live.HostRules = live.HostRules[1:]
	if list, err := CompareURLMap(URLMap{}, live, func(ServicePortName) facts.Value[string] { return facts.Unknown[string](errDenied) }); err != nil || len(list) != 1 {
		t.Errorf("%v, %v: a default that isn't a Service has no name to ask for", list, err)
	}
	live.HostRules[0].Hosts = []string{"shop.acme.example"}
	got, err := CompareURLMap(DesiredURLMap(f.ing), live, func(ServicePortName) facts.Value[string] { return facts.Unknown[string](errDenied) })
	want := []Difference{
		{Kind: PathMissing, Host: "shop.acme.example", Path: "/*"},
		{Kind: PathExtra, Host: "shop.acme.example", Path: "/api", Have: "bs-api"},
		{Kind: PathExtra, Host: "shop.acme.example", Path: "/api/*", Have: "bs-api"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err == nil {
		t.Errorf("error %v; %s", err, diff)
	}
}

func TestBackendNamesOfAnIngress(t *testing.T) {
	t.Parallel()
	web := ServicePortName{"shop", "web", networkingv1.ServiceBackendPort{Number: 80}}
	for _, tt := range []struct {
		name string
		do   func(f *fixture)
		want facts.Value[string]
	}{
		{"a NEG", func(*fixture) {}, facts.Found(NEGName(testIngressUID, "shop", "web", 80))},
		{"a node port", func(f *fixture) {
			f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = "NodePort", 30080
			delete(f.svc.Annotations, NEGAnnotation)
		}, facts.Found("k8s-be-30080--" + testIngressUID)},
		{"the internal class, which always has NEGs", func(f *fixture) {
			f.svc.Spec.Type, f.svc.Spec.Ports[0].NodePort = "NodePort", 30080
			delete(f.svc.Annotations, NEGAnnotation)
			f.annotate(ClassAnnotation, ClassInternal)
		}, facts.Found(NEGName(testIngressUID, "shop", "web", 80))},
		{"the regional external class", func(f *fixture) { f.annotate(ClassAnnotation, ClassRegionalExternal) }, facts.Found(RegionalBackendName(testIngressUID, "shop", "web", 80))},
		{"a Service that is refused", func(f *fixture) { delete(f.svc.Annotations, NEGAnnotation) }, facts.Absent[string]()},
		{"no ingress UID", func(f *fixture) { f.s.ConfigMaps = nil }, facts.Unknown[string](errNoIngressUID)},
		{"no ingress UID, but the backend service itself", func(f *fixture) {
			f.s.ConfigMaps = nil
			f.s.BackendServices = facts.Found([]*computepb.BackendService{{
				Name: new("k8s1-live"), SelfLink: new(computeV1 + "global/backendServices/k8s1-live"),
				Description: new(`{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"80"}`),
			}})
		}, facts.Found("k8s1-live")},
	} {
		f := newFixture()
		tt.do(f)
		got := BackendNames(f.s, f.ing)(web)
		gotName, _ := got.Get()
		wantName, _ := tt.want.Get()
		if gotName != wantName || got.Known() != tt.want.Known() || got.IsAbsent() != tt.want.IsAbsent() {
			t.Errorf("%s: %q (%v), want %q", tt.name, gotName, got.Err(), wantName)
		}
	}
}
