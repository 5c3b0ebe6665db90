package path_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

const (
	zoneB     = "zones/europe-west1-b"
	argoNEG   = "k8s1-3f1c9a7e-argocd-argocd-server-80-7defb8b8"
	argoNEGID = "1309798985297746989"
)

func argoReach() []path.Reach {
	return []path.Reach{{
		Target: ingress("argocd", "argocd"), Routes: []path.Route{{}, {Host: argoHost, Path: "/*"}}, Addresses: []string{"203.0.113.17"},
	}}
}

func TestUpFromAnythingOnThePathToTheHosts(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "external-neg")
	for name, ref := range map[string]facts.Ref{
		"the NEG of a health-check entry": {Project: "shop-prod", Scope: zoneB, Kind: facts.KindNEG, ID: argoNEGID},
		"a NEG by name":                   {Project: "shop-prod", Scope: zoneB, Kind: facts.KindNEG, Name: argoNEG},
		"the health check":                {Project: "shop-prod", Scope: "global", Kind: facts.KindHealthCheck, Name: argoNEG},
		"the backend service":             {Project: "shop-prod", Scope: "global", Kind: facts.KindBackendService, Name: argoNEG},
		"the Service":                     {Cluster: mainCluster, Kind: facts.KindService, Namespace: "argocd", Name: "argocd-server"},
		"a pod":                           {Cluster: mainCluster, Kind: facts.KindPod, Namespace: "argocd", Name: "argocd-server-7c5d9b8f6d-2kq8x"},
		"a pod's address":                 {Cluster: mainCluster, Kind: facts.KindPod, Name: "10.8.0.7"},
		"the certificate":                 {Project: "shop-prod", Scope: "global", Kind: facts.KindCertificate, Name: "argocd-acme-example"},
		"the Ingress":                     ingress("argocd", "argocd"),
	} {
		if diff := cmp.Diff(argoReach(), path.Up(s, ref)); diff != "" {
			t.Errorf("from %s: %s", name, diff)
		}
	}
	for name, ref := range map[string]facts.Ref{
		"a NEG of another number":  {Project: "shop-prod", Scope: zoneB, Kind: facts.KindNEG, ID: "1"},
		"a NEG of another zone":    {Project: "shop-prod", Scope: "zones/europe-west1-d", Kind: facts.KindNEG, ID: argoNEGID},
		"an address of nobody":     {Cluster: mainCluster, Kind: facts.KindPod, Name: "10.8.0.99"},
		"a Service of nobody":      {Cluster: mainCluster, Kind: facts.KindService, Namespace: "shop", Name: "argocd-server"},
		"a certificate elsewhere":  {Project: "shop-prod", Scope: "regions/europe-west1", Kind: facts.KindCertificate, Name: "argocd-acme-example"},
		"an Ingress of nobody":     ingress("argocd", "lost"),
		"a regional health check ": {Project: "shop-prod", Scope: "regions/europe-west1", Kind: facts.KindHealthCheck, Name: argoNEG},
	} {
		if got := path.Up(s, ref); len(got) > 0 {
			t.Errorf("from %s: %+v", name, got)
		}
	}
}

func TestUpFromAnInstanceGroupIsToAllThatShareItUnlessThePortTells(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "external-instance-group")
	ref := facts.Ref{Project: "shop-prod", Scope: zoneB, Kind: facts.KindInstanceGroup, Name: "k8s-ig--8c2e5d01a9b74f36"}
	if got := path.Up(s, ref); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	ref.Port = 31090
	got := path.Up(s, ref)
	if len(got) != 1 || got[0].Target.Name != "storefront" {
		t.Errorf("with the port: %+v", got)
	}
}

func TestUpThroughAGateway(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "gateway")
	got := path.Up(s, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindService, Namespace: "shop", Name: "web"})
	var names []string
	for _, r := range got {
		if r.Target.Kind != facts.KindGateway || len(r.Hosts()) == 0 || len(r.Addresses) != 1 {
			t.Errorf("%+v", r)
		}
		names = append(names, r.Target.Name)
	}
	if diff := cmp.Diff([]string{"public", "partners"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestDownToTheEndpoints(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "external-neg")
	for name, ref := range map[string]facts.Ref{
		"the Ingress":         ingress("argocd", "argocd"),
		"the host":            {Kind: facts.KindHost, Name: argoHost},
		"the forwarding rule": {Project: "shop-prod", Scope: "global", Kind: facts.KindForwardingRule, Name: "k8s2-fs-ma0ofpm6-argocd-argocd-3orgu4uf"},
		"the URL map":         {Project: "shop-prod", Scope: "global", Kind: facts.KindURLMap, Name: "k8s2-um-ma0ofpm6-argocd-argocd-3orgu4uf"},
		"the backend service": {Project: "shop-prod", Scope: "global", Kind: facts.KindBackendService, Name: argoNEG},
		"the Service":         {Cluster: mainCluster, Kind: facts.KindService, Namespace: "argocd", Name: "argocd-server"},
	} {
		legs := path.Down(s, ref)
		if len(legs) != 1 {
			t.Errorf("from %s: %+v", name, legs)
			continue
		}
		leg := legs[0]
		var ends []string
		for _, e := range leg.Endpoints {
			ends = append(ends, e.Group.Scope+" "+e.IP+" "+e.Pod.Name+" "+e.State)
			if e.Port != 8080 {
				t.Errorf("from %s: port %d", name, e.Port)
			}
		}
		if diff := cmp.Diff([]string{
			zoneB + " 10.8.0.7 argocd-server-7c5d9b8f6d-2kq8x HEALTHY",
			zoneB + " 10.8.0.9 argocd-server-7c5d9b8f6d-vt9bn HEALTHY",
			"zones/europe-west1-c 10.8.1.12 argocd-server-7c5d9b8f6d-hm4wz HEALTHY",
		}, ends); diff != "" {
			t.Errorf("from %s: %s", name, diff)
		}
		if leg.Target != ingress("argocd", "argocd") || leg.Service.Name != "argocd-server" || leg.BackendService.Name != argoNEG {
			t.Errorf("from %s: %+v", name, leg)
		}
		if diff := cmp.Diff(argoReach()[0].Routes, leg.Routes); diff != "" {
			t.Errorf("from %s: %s", name, diff)
		}
	}
	if got := path.Down(s, facts.Ref{Kind: facts.KindHost, Name: "lost.acme.example"}); len(got) > 0 {
		t.Errorf("an unknown host: %+v", got)
	}
}

func TestDownWithoutHealthHasWhatTheNEGsHold(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "external-neg").Without(facts.BackendHealth)
	legs := path.Down(s, ingress("argocd", "argocd"))
	if len(legs) != 1 || len(legs[0].Endpoints) != 3 || legs[0].Endpoints[0].State != "" || legs[0].Endpoints[0].Pod.Name == "" {
		t.Errorf("%+v", legs)
	}
}

func TestSharedObjects(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "external-neg")
	if got := path.Shared(s, ingress("argocd", "argocd")); len(got) > 0 {
		t.Errorf("nothing is shared yet: %+v", got)
	}
	list, _ := s.Ingresses.Get()
	for _, name := range []string{"second", "third"} {
		other := list[0].DeepCopy()
		other.Name = name
		if name == "third" {
			// Of this one only the Service is the same.
			other.Annotations = map[string]string{glbc.ClassAnnotation: glbc.ClassExternal}
		}
		list = append(list, other)
	}
	stranger := list[0].DeepCopy()
	stranger.Name, stranger.Annotations = "stranger", map[string]string{glbc.ClassAnnotation: "nginx"}
	s.Ingresses = facts.Found(append(list, stranger))
	got := map[string][]facts.Ref{}
	for _, sh := range path.Shared(s, ingress("argocd", "argocd")) {
		got[sh.Object.String()] = sh.With
	}
	second, third := ingress("argocd", "second"), ingress("argocd", "third")
	want := map[string][]facts.Ref{
		"BackendService/" + argoNEG:       {second, third},
		"Address/argocd":                  {second},
		"Certificate/argocd-acme-example": {second},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	reaches := path.Up(s, facts.Ref{Project: "shop-prod", Scope: zoneB, Kind: facts.KindNEG, ID: argoNEGID})
	if len(reaches) != 3 {
		t.Errorf("one backend service behind three Ingresses: %+v", reaches)
	}
}

func TestSharedByGateways(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "gateway")
	got := path.Shared(s, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindGateway, Namespace: "edge", Name: "public"})
	if len(got) != 1 || got[0].Object.Kind != facts.KindBackendService || len(got[0].With) != 1 || got[0].With[0].Name != "partners" {
		t.Errorf("%+v", got)
	}
}

func TestLineLeavesOutWhatDoesNotApply(t *testing.T) {
	t.Parallel()
	f := &fixture{t: t, s: snapshot(t, "external-neg")}
	f.health("UNHEALTHY", all)
	f.ingress().Spec.Rules = nil
	f.s = f.s.Without(facts.SSLCertificates)
	p := path.Of(f.s, ingress("argocd", "argocd"), path.Evidence{})
	const want = "address ✓ → forwarding rule ✓ → proxy ? → URL map ✓ → backend service ✓ → *health check ✗ 0 of 3 HEALTHY* → firewall ✓ → NEG 3/3 → Service ✓ → pods ✓"
	if got := p.Line(); got != want {
		t.Error(got)
	}
	var broken int
	for _, seg := range p.Segments() {
		if seg.Broken {
			broken++
		}
		if strings.Contains(seg.Text, "*") {
			t.Errorf("%q is for the caller to mark", seg.Text)
		}
	}
	if broken != 1 {
		t.Errorf("%d segments are broken", broken)
	}
}

func TestTargetsWithoutAPath(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "external-neg")
	for _, ref := range []facts.Ref{
		{Cluster: mainCluster, Kind: facts.KindCluster, Name: "main"},
		ingress("argocd", "lost"),
		{Cluster: mainCluster, Kind: facts.KindGateway, Namespace: "edge", Name: "lost"},
		{Cluster: mainCluster, Kind: facts.KindService, Namespace: "kube-system", Name: "default-http-backend"},
		{Project: "shop-prod", Kind: facts.KindCertificate, Name: "lost"},
		{},
	} {
		p := path.Of(s, ref, path.Evidence{})
		if len(p.Hops) != len(path.Stations) || p.Target != ref {
			t.Errorf("%s: %+v", ref, p)
		}
		for _, h := range p.Hops {
			if h.State == path.Broken && ref.Kind != facts.KindCertificate {
				t.Errorf("%s: %s is broken: %s", ref, h.Station, h.Says)
			}
		}
	}
}

// An Ingress that leads to a Service through its default backend alone.
func TestAServicesPathIsThatOfItsIngress(t *testing.T) {
	t.Parallel()
	f := &fixture{t: t, s: snapshot(t, "external-neg")}
	f.ingress().Spec.Rules = nil
	f.ingress().Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "argocd-server", Port: networkingv1.ServiceBackendPort{Number: 80}}}
	p := path.Of(f.s, facts.Ref{Cluster: mainCluster, Kind: facts.KindService, Namespace: "argocd", Name: "argocd-server"}, path.Evidence{})
	if p.At(path.DNS).State != path.NotApplicable || p.At(path.Address).Says != "203.0.113.17" || p.At(path.HealthCheck).Says != "3 of 3 HEALTHY" {
		t.Error(p.Line())
	}
}
