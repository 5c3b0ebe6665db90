package path_test

import (
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

// rules replaces the VPC rules, in every answer that has them.
func (f *fixture) rules(edit func([]*computepb.Firewall) []*computepb.Firewall) {
	list, _ := f.s.Firewalls.Get()
	list = edit(list)
	f.s.Firewalls = facts.Found(list)
	global, _ := f.s.NetworkFirewall.Get()
	global.Firewalls = list
	region, _ := f.s.RegionFirewall.Get()
	region.Firewalls = list
}

func (f *fixture) l7Rule() *computepb.Firewall {
	return first(f, f.s.Firewalls, has[*computepb.Firewall]("k8s-fw-l7"))
}

func (f *fixture) withoutL7Rule() {
	f.rules(func(list []*computepb.Firewall) []*computepb.Firewall {
		return slices.DeleteFunc(slices.Clone(list), has[*computepb.Firewall]("k8s-fw-l7"))
	})
}

func TestFirewall(t *testing.T) {
	failing := []path.Station{path.HealthCheck}
	desk := facts.Ref{Cluster: mainCluster, Kind: facts.KindIngress, Namespace: "desk", Name: "desk"}
	run(t, []row{
		{name: "endpoints answer", station: path.Firewall, want: path.OK, says: "endpoints answer on tcp:8080"},
		{
			name: "the rule admits, whatever endpoints say", station: path.Firewall, want: path.OK, says: "probers get in to tcp:8080", also: failing,
			do: func(f *fixture) { f.health("UNHEALTHY", all) },
		},
		{
			name: "no rule admits", station: path.Firewall, want: path.Broken, says: "probers can't reach tcp:8080", differs: "name", also: failing,
			do: func(f *fixture) { f.health("UNHEALTHY", all); f.withoutL7Rule() },
		},
		{
			name: "no rule admits, but endpoints are HEALTHY", station: path.Firewall, want: path.Unknown, says: "deny tcp:8080, but endpoints answer",
			do: func(f *fixture) { f.withoutL7Rule() },
		},
		{
			name: "no rule admits, but the log has an answer", station: path.Firewall, want: path.Unknown, says: "but endpoints answer", also: failing,
			do: func(f *fixture) {
				f.health("UNHEALTHY", all)
				f.withoutL7Rule()
				f.e.Answered = []path.Answer{{Group: facts.Ref{Scope: "zones/europe-west1-b", Kind: facts.KindNEG, ID: "1309798985297746989"}, IP: "10.8.0.7", Port: 8080, Says: "307"}}
			},
		},
		{
			name: "the rule is disabled", station: path.Firewall, want: path.Broken, differs: "disabled", also: failing,
			do: func(f *fixture) { f.health("UNHEALTHY", all); f.l7Rule().Disabled = new(true) },
		},
		{
			name: "the rule admits one of the ranges", station: path.Firewall, want: path.Broken, says: "35.191.0.0/16 of probers can't reach", differs: "sourceRanges", also: failing,
			do: func(f *fixture) {
				f.health("UNHEALTHY", all)
				f.l7Rule().SourceRanges = []string{"130.211.0.0/22"}
			},
		},
		{
			name: "the rule is for another port", station: path.Firewall, want: path.Broken, differs: "allowed", also: failing,
			do: func(f *fixture) { f.health("UNHEALTHY", all); f.l7Rule().Allowed[0].Ports = []string{"8081"} },
		},
		{
			name: "policies couldn't be read", station: path.Firewall, want: path.Unknown, says: "whether probers reach", also: failing,
			do: func(f *fixture) {
				f.health("UNHEALTHY", all)
				f.s = f.s.Without(facts.NetworkFirewall).Without(facts.RegionFirewall)
			},
		},
		{
			name: "policies couldn't be read, but endpoints are HEALTHY", station: path.Firewall, want: path.OK,
			do: func(f *fixture) { f.s = f.s.Without(facts.NetworkFirewall).Without(facts.RegionFirewall) },
		},
		{
			name: "instances couldn't be read: the tag of GKE's own rules is only likely", station: path.Firewall, want: path.Unknown, says: "likely", also: failing,
			do: func(f *fixture) { f.health("UNHEALTHY", all); f.s = f.s.Without(facts.Instances) },
		},
		{
			name: "instances couldn't be read and no rule admits anybody", station: path.Firewall, want: path.Broken, also: failing,
			do: func(f *fixture) { f.health("UNHEALTHY", all); f.withoutL7Rule(); f.s = f.s.Without(facts.Instances) },
		},
		{
			name: "the check asks another port than requests go to", station: path.Firewall, want: path.Broken, says: "probers can't reach tcp:9999", also: failing,
			do: func(f *fixture) {
				f.health("UNHEALTHY", all)
				f.check().HttpHealthCheck = &computepb.HTTPHealthCheck{Port: new(int32(9999)), PortSpecification: new("USE_FIXED_PORT"), RequestPath: new("/healthz")}
				f.config(9999)
			},
		},
		{
			name: "HEALTHY on the check's port proves nothing for the port of requests", station: path.Firewall, want: path.Broken, says: "probers can't reach tcp:8080",
			do: func(f *fixture) {
				f.check().HttpHealthCheck = &computepb.HTTPHealthCheck{Port: new(int32(9999)), PortSpecification: new("USE_FIXED_PORT"), RequestPath: new("/healthz")}
				f.config(9999)
				f.l7Rule().Allowed[0].Ports = []string{"9999"}
			},
		},
		{
			name: "the network isn't known, and endpoints fail", station: path.Firewall, want: path.Unknown, says: "the network isn't known", also: failing,
			do: func(f *fixture) {
				f.health("UNHEALTHY", all)
				f.s.NetworkName, f.s.Network = "", facts.Unknown[*computepb.Network](errScope)
			},
		},
		{name: "an internal one, from probers and proxies", world: "internal-neg", target: desk, station: path.Firewall, want: path.OK},
		{
			name: "HEALTHY endpoints that the proxies can't reach", world: "internal-neg", target: desk, station: path.Firewall, want: path.Broken, says: "the load balancer's proxies can't reach",
			do: func(f *fixture) { f.l7Rule().SourceRanges = []string{"130.211.0.0/22", "35.191.0.0/16"} },
		},
		{
			name: "where the proxies are isn't known", world: "internal-neg", target: desk, station: path.Firewall, want: path.Unknown, says: "where the load balancer's proxies are",
			do: func(f *fixture) { f.s = f.s.Without(facts.Subnetworks) },
		},
		{
			name: "node ports", world: "external-instance-group", station: path.Firewall, want: path.Broken, says: "tcp:31080", also: failing,
			do: func(f *fixture) { f.health("UNHEALTHY", all); f.l7Rule().Allowed[0].Ports = []string{"8080"} },
		},
	})
}

// config makes the port of the check one that a BackendConfig asks for.
func (f *fixture) config(port int64) {
	bc := &facts.BackendConfig{}
	bc.Namespace, bc.Name = "argocd", "config"
	bc.Spec.HealthCheck = &facts.BackendConfigCheck{Port: &port}
	f.s.BackendConfigs = facts.Found([]*facts.BackendConfig{bc})
	f.service().Annotations[glbc.BackendConfigAnnotation] = `{"default":"config"}`
}

func TestFirewallVerdictsAreOfEachNodeAndPort(t *testing.T) {
	t.Parallel()
	f := &fixture{t: t, s: snapshot(t, "external-neg")}
	list := path.FirewallVerdicts(f.s, backend(f), path.Evidence{})
	if len(list) != 1 || list[0].Packet.Port != 8080 || !list[0].Proven || list[0].Verdict.Outcome != firewall.Allowed {
		t.Fatalf("%+v", list)
	}
	if got := strings.Join(list[0].Addresses, " "); got != "10.8.0.7 10.8.0.9 10.8.1.12" || len(list[0].Instances) != 2 {
		t.Errorf("addresses %s, instances %v", got, list[0].Instances)
	}
	first(f, f.s.Instances, has[*computepb.Instance]("wz7m")).Tags = nil
	list = path.FirewallVerdicts(f.s, backend(f), path.Evidence{})
	if len(list) != 2 || list[0].Verdict.Outcome != firewall.Allowed || list[1].Verdict.Outcome != firewall.Denied {
		t.Errorf("%+v", list)
	}
	if got := strings.Join(list[1].Instances, " "); got != "gke-main-pool-1-8f3a6c1d-wz7m" {
		t.Errorf("denied: %s", got)
	}
}

func backend(f *fixture) glbc.Backend { return glbc.Backends(f.s, f.ingress())[0] }
