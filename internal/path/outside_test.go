package path_test

import (
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
	"plumbline/internal/path"
)

// outside is the load balancer of Argo CD without its cluster.
func outside(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, s: snapshot(t, "external-neg")}
	s := *f.s
	s.ClusterName, s.Cluster, s.Objects = "", facts.Value[*container.Cluster]{}, facts.Objects{}
	f.s = &s
	f.bs().Description = nil
	return f
}

func TestABackendServiceThatStandsForItself(t *testing.T) {
	t.Parallel()
	ref := facts.Ref{Project: "shop-prod", Scope: "global", Kind: facts.KindBackendService, Name: argoNEG}
	f := outside(t)
	p := path.Of(f.s, ref, path.Evidence{})
	const want = "DNS ✓ → address ✓ → forwarding rule ✓ → proxy ✓ → URL map ✓ → backend service ✓ → health check ✓ → firewall ✓ → NEG ✓"
	if got := p.Line(); got != want {
		t.Errorf("%s", got)
	}
	f.health("UNHEALTHY", all)
	p = path.Of(f.s, ref, path.Evidence{})
	if got := p.Line(); !strings.Contains(got, "*health check ✗ 0 of 3 HEALTHY*") {
		t.Error(got)
	}
	before := states(p)
	for _, kind := range facts.Kinds {
		breaksNothing(t, "without "+string(kind), before, path.Of(f.s.Without(kind), ref, path.Evidence{}))
	}
	without(&f.s.BackendServices, has[*computepb.BackendService]("argocd"))
	if h := path.Of(f.s, ref, path.Evidence{}).At(path.BackendService); h.State != path.Broken {
		t.Errorf("one that doesn't exist is %s: %s", h.State, h.Says)
	}
}

func TestUpFromANEGThatStandsForItself(t *testing.T) {
	t.Parallel()
	f := outside(t)
	got := path.Up(f.s, facts.Ref{Project: "shop-prod", Scope: zoneB, Kind: facts.KindNEG, ID: argoNEGID})
	if len(got) != 1 || got[0].Target.Kind != facts.KindURLMap || !cmp.Equal(got[0].Hosts(), []string{argoHost}) || !cmp.Equal(got[0].Addresses, []string{"203.0.113.17"}) {
		t.Errorf("%+v", got)
	}
}

func TestACertificateThatStandsForItself(t *testing.T) {
	t.Parallel()
	ref := facts.Ref{Project: "shop-prod", Scope: "global", Kind: facts.KindCertificate, Name: "argocd-acme-example"}
	f := outside(t)
	if got := path.Of(f.s, ref, path.Evidence{}).Line(); got != "DNS ✓ → address ✓ → forwarding rule ✓ → proxy ✓" {
		t.Error(got)
	}
	c := first(f, f.s.SSLCertificates, has[*computepb.SslCertificate]("argocd"))
	c.Managed.Status = new("PROVISIONING_FAILED_PERMANENTLY")
	p := path.Of(f.s, ref, path.Evidence{})
	if h := p.At(path.Proxy); h.State != path.Broken || !strings.Contains(h.Says, "PROVISIONING_FAILED_PERMANENTLY") {
		t.Errorf("%s: %s", h.State, h.Says)
	}
	before := states(p)
	for _, kind := range facts.Kinds {
		breaksNothing(t, "without "+string(kind), before, path.Of(f.s.Without(kind), ref, path.Evidence{}))
	}
}
