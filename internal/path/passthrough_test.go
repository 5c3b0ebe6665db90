package path_test

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/path"
)

const prefix = "https://www.googleapis.com/compute/v1/projects/shop-prod/"

// machines is a load balancer in front of virtual machines, without any cluster.
func machines(protocol, region string) *facts.Snapshot {
	scope := "global/"
	bs := &computepb.BackendService{Name: new("db"), Protocol: &protocol, LoadBalancingScheme: new("EXTERNAL")}
	if region != "" {
		scope = "regions/" + region + "/"
		bs.Region = new(prefix + "regions/" + region)
	}
	group := "zones/europe-west1-b/instanceGroups/db"
	bs.SelfLink = new(prefix + scope + "backendServices/db")
	bs.HealthChecks = []string{prefix + "global/healthChecks/db"}
	bs.Backends = []*computepb.Backend{{Group: new(prefix + group)}}
	s := &facts.Snapshot{Now: time.Date(2026, 11, 17, 14, 0, 0, 0, time.UTC), Project: "shop-prod"}
	s.BackendServices = facts.Found([]*computepb.BackendService{bs})
	s.HealthChecks = facts.Found([]*computepb.HealthCheck{{Name: new("db"), SelfLink: new(prefix + "global/healthChecks/db"), Type: new("TCP")}})
	s.InstanceGroups = facts.Found([]*computepb.InstanceGroup{{Name: new("db"), SelfLink: new(prefix + group), Size: new(int32(2))}})
	s.Health = map[facts.BackendGroup]facts.Value[[]*computepb.HealthStatus]{
		{BackendService: "projects/shop-prod/" + scope + "backendServices/db", Group: "projects/shop-prod/" + group}: facts.Found([]*computepb.HealthStatus{
			{HealthState: new("HEALTHY"), IpAddress: new("10.132.0.20"), Port: new(int32(5432)), Instance: new(prefix + "zones/europe-west1-b/instances/db-1")},
			{HealthState: new("HEALTHY"), IpAddress: new("10.132.0.21"), Port: new(int32(5432)), Instance: new(prefix + "zones/europe-west1-b/instances/db-2")},
		}),
	}
	empty(&s.URLMaps)
	empty(&s.TargetHTTPProxies)
	empty(&s.TargetHTTPSProxies)
	empty(&s.TargetSSLProxies)
	empty(&s.TargetTCPProxies)
	empty(&s.Certificates)
	empty(&s.Addresses)
	return s
}

func TestASSLProxyInFrontOfMachines(t *testing.T) {
	t.Parallel()
	s := machines("SSL", "")
	s.TargetSSLProxies = facts.Found([]*computepb.TargetSslProxy{{
		Name: new("db"), SelfLink: new(prefix + "global/targetSslProxies/db"), Service: new(prefix + "global/backendServices/db"),
		SslCertificates: []string{prefix + "global/sslCertificates/db"},
	}})
	s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{{
		Name: new("db"), SelfLink: new(prefix + "global/forwardingRules/db"), IPAddress: new("203.0.113.90"), Target: new(prefix + "global/targetSslProxies/db"),
	}})
	cert := &computepb.SslCertificate{Name: new("db"), SelfLink: new(prefix + "global/sslCertificates/db"), ExpireTime: new("2027-01-01T00:00:00Z")}
	s.SSLCertificates = facts.Found([]*computepb.SslCertificate{cert})
	ref := facts.Ref{Project: "shop-prod", Scope: "global", Kind: facts.KindBackendService, Name: "db"}
	const want = "address ✓ → forwarding rule ✓ → proxy ✓ → backend service ✓ → health check ✓ → firewall ✓ → instance group ✓"
	if got := path.Of(s, ref, path.Evidence{}).Line(); got != want {
		t.Error(got)
	}
	if got := path.Up(s, ref); len(got) != 1 || got[0].Target != ref || len(got[0].Addresses) != 1 {
		t.Errorf("up: %+v", got)
	}
	cert.ExpireTime = new("2026-11-01T00:00:00Z")
	if h := path.Of(s, ref, path.Evidence{}).At(path.Proxy); h.State != path.Broken || !strings.Contains(h.Says, "expired on 2026-11-01") {
		t.Errorf("%s: %s", h.State, h.Says)
	}
	s.InstanceGroups = facts.Found([]*computepb.InstanceGroup{{Name: new("db"), SelfLink: new(prefix + "zones/europe-west1-b/instanceGroups/db"), Size: new(int32(0))}})
	if h := path.Of(s, ref, path.Evidence{}).At(path.Group); h.State != path.Broken {
		t.Errorf("an empty group is %s: %s", h.State, h.Says)
	}
}

func TestAPassthroughLoadBalancerHasNoProxyAndOtherProbers(t *testing.T) {
	t.Parallel()
	s := machines("TCP", "europe-west1")
	s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{{
		Name: new("db"), SelfLink: new(prefix + "regions/europe-west1/forwardingRules/db"), IPAddress: new("203.0.113.91"),
		BackendService: new(prefix + "regions/europe-west1/backendServices/db"),
	}})
	s.NetworkProject, s.NetworkName = "shop-prod", "prod"
	s.Network = facts.Found(&computepb.Network{SelfLink: new(prefix + "global/networks/prod")})
	rules := []*computepb.Firewall{{
		Name: new("probers"), SelfLink: new(prefix + "global/firewalls/probers"), Network: new(prefix + "global/networks/prod"), Direction: new("INGRESS"), Priority: new(int32(1000)),
		SourceRanges: []string{"35.191.0.0/16", "130.211.0.0/22"}, Allowed: []*computepb.Allowed{{IPProtocol: new("tcp")}},
	}}
	s.Firewalls = facts.Found(rules)
	s.NetworkFirewall = facts.Found(&computepb.NetworksGetEffectiveFirewallsResponse{Firewalls: rules})
	s.RegionFirewall = facts.Found(&computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse{Firewalls: rules})
	ref := facts.Ref{Project: "shop-prod", Scope: "regions/europe-west1", Kind: facts.KindBackendService, Name: "db"}
	p := path.Of(s, ref, path.Evidence{})
	if p.At(path.Proxy).State != path.NotApplicable || p.At(path.URLMap).State != path.NotApplicable || p.At(path.HealthCheck).State != path.OK {
		t.Error(p.Line())
	}
	for _, statuses := range s.Health {
		list, _ := statuses.Get()
		for _, st := range list {
			st.HealthState = new("UNHEALTHY")
		}
	}
	if h := path.Of(s, ref, path.Evidence{}).At(path.Firewall); h.State != path.Broken || !strings.Contains(h.Says, "209.85.152.0/22") || strings.Contains(h.Says, "35.191") {
		t.Errorf("%s: %s", h.State, h.Says)
	}
}
