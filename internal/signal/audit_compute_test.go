package signal_test

import (
	"testing"

	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

func resource(scope, kind, name string) facts.Ref {
	return facts.Ref{Project: "acme-prod", Scope: scope, Kind: kind, Name: name}
}

func TestFirewallDelete(t *testing.T) {
	t.Parallel()
	first := wantOutcome(t, entry(t, "firewall-delete.first"), trigger)
	last := wantOutcome(t, entry(t, "firewall-delete.last"), trigger)
	want := resource("global", "FirewallRule", "k8s-fw-l7--1a2b3c4d5e6f7a8b")
	for _, s := range []signal.Signal{first, last} {
		if s.Kind != signal.ResourceChanged || s.Target != want || s.Change.By != "dana@acme.example" || s.Change.Verb != "delete" || s.Change.Controller {
			t.Errorf("%s of %+v by %q (%s)", s.Kind, s.Target, s.Change.By, s.Change.Verb)
		}
	}
	if first.Change.Operation != last.Change.Operation || !first.Change.First || first.Change.Last || last.Change.First || !last.Change.Last {
		t.Errorf("first %+v and last %+v aren't one operation", first.Change, last.Change)
	}
}

func TestComputeWrites(t *testing.T) {
	t.Parallel()
	const p = "projects/acme-prod/"
	for _, tc := range []struct {
		method, resource string
		parse, history   string
		want             facts.Ref
	}{
		{"v1.compute.backendServices.patch", p + "global/backendServices/web", trigger, trigger, resource("global", "BackendService", "web")},
		{"beta.compute.backendServices.patch", p + "global/backendServices/web", trigger, trigger, resource("global", "BackendService", "web")},
		{"alpha.compute.regionBackendServices.update", p + "regions/us-central1/backendServices/web", trigger, trigger, resource("regions/us-central1", "BackendService", "web")},
		{"v1.compute.healthChecks.update", p + "global/healthChecks/web", trigger, trigger, resource("global", "HealthCheck", "web")},
		{"v1.compute.regionHealthChecks.delete", p + "regions/us-central1/healthChecks/web", trigger, trigger, resource("regions/us-central1", "HealthCheck", "web")},
		{"v1.compute.networkEndpointGroups.delete", p + "zones/us-central1-a/networkEndpointGroups/web", trigger, trigger, resource("zones/us-central1-a", "NetworkEndpointGroup", "web")},
		{"v1.compute.regionNetworkEndpointGroups.insert", p + "regions/us-central1/networkEndpointGroups/web", trigger, trigger, resource("regions/us-central1", "NetworkEndpointGroup", "web")},
		{"v1.compute.globalNetworkEndpointGroups.delete", p + "global/networkEndpointGroups/web", trigger, trigger, resource("global", "NetworkEndpointGroup", "web")},
		{"v1.compute.instanceGroups.setNamedPorts", p + "zones/us-central1-a/instanceGroups/k8s-ig--1", trigger, trigger, resource("zones/us-central1-a", "InstanceGroup", "k8s-ig--1")},
		{"v1.compute.firewalls.patch", p + "global/firewalls/allow", trigger, trigger, resource("global", "FirewallRule", "allow")},
		{"v1.compute.urlMaps.update", p + "global/urlMaps/um", trigger, trigger, resource("global", "URLMap", "um")},
		{"v1.compute.globalForwardingRules.setTarget", p + "global/forwardingRules/fr", trigger, trigger, resource("global", "ForwardingRule", "fr")},
		{"v1.compute.forwardingRules.delete", p + "regions/us-central1/forwardingRules/fr", trigger, trigger, resource("regions/us-central1", "ForwardingRule", "fr")},
		{"v1.compute.targetHttpProxies.setUrlMap", p + "global/targetHttpProxies/tp", trigger, trigger, resource("global", "TargetHTTPProxy", "tp")},
		{"v1.compute.targetHttpsProxies.setSslCertificates", p + "global/targetHttpsProxies/tp", trigger, trigger, resource("global", "TargetHTTPSProxy", "tp")},
		{"v1.compute.regionTargetHttpsProxies.setUrlMap", p + "regions/us-central1/targetHttpsProxies/tp", trigger, trigger, resource("regions/us-central1", "TargetHTTPSProxy", "tp")},
		{"v1.compute.sslCertificates.delete", p + "global/sslCertificates/cr", trigger, trigger, resource("global", "Certificate", "cr")},
		{"v1.compute.regionSslCertificates.delete", p + "regions/us-central1/sslCertificates/cr", trigger, trigger, resource("regions/us-central1", "Certificate", "cr")},
		{"v1.compute.globalAddresses.delete", p + "global/addresses/ip", trigger, trigger, resource("global", "Address", "ip")},
		// A project of a domain has a colon.
		{"v1.compute.firewalls.patch", "projects/acme.example:prod/global/firewalls/allow", trigger, trigger, facts.Ref{Project: "acme.example:prod", Scope: "global", Kind: "FirewallRule", Name: "allow"}},
		// History only.
		{"v1.compute.networkEndpointGroups.attachNetworkEndpoints", p + "zones/us-central1-a/networkEndpointGroups/web", ignored, trigger, resource("zones/us-central1-a", "NetworkEndpointGroup", "web")},
		{"v1.compute.networkEndpointGroups.detachNetworkEndpoints", p + "zones/us-central1-a/networkEndpointGroups/web", ignored, trigger, resource("zones/us-central1-a", "NetworkEndpointGroup", "web")},
		{"v1.compute.targetSslProxies.setSslCertificates", p + "global/targetSslProxies/tp", ignored, trigger, resource("global", "TargetSSLProxy", "tp")},
		{"v1.compute.sslPolicies.patch", p + "global/sslPolicies/modern", ignored, trigger, resource("global", "SSLPolicy", "modern")},
		{"v1.compute.networkFirewallPolicies.addRule", p + "global/firewallPolicies/deny", ignored, trigger, resource("global", "FirewallPolicy", "deny")},
		{"v1.compute.regionNetworkFirewallPolicies.addRule", p + "regions/us-central1/firewallPolicies/deny", ignored, trigger, resource("regions/us-central1", "FirewallPolicy", "deny")},
		{"v1.compute.routes.delete", p + "global/routes/default", ignored, trigger, resource("global", "Route", "default")},
		// Not ours.
		{"v1.compute.instances.insert", p + "zones/us-central1-a/instances/vm", ignored, ignored, facts.Ref{}},
		{"v1.compute.instanceGroupManagers.resize", p + "zones/us-central1-a/instanceGroupManagers/m", ignored, ignored, facts.Ref{}},
		{"v1.compute.networks.insert", p + "global/networks/prod", ignored, ignored, facts.Ref{}},
		{"v1.compute.firewallPolicies.addRule", "locations/global/firewallPolicies/123", ignored, ignored, facts.Ref{}},
		{"v1.compute.backendServices.get", p + "global/backendServices/web", ignored, ignored, facts.Ref{}},
		{"v1.compute.backendServices.getHealth", p + "global/backendServices/web", ignored, ignored, facts.Ref{}},
		{"v1.compute.backendServices.aggregatedList", p + "global/backendServices/web", ignored, ignored, facts.Ref{}},
		{"v1.compute.networkEndpointGroups.listNetworkEndpoints", p + "zones/us-central1-a/networkEndpointGroups/web", ignored, ignored, facts.Ref{}},
		{"v2.compute.firewalls.patch", p + "global/firewalls/allow", ignored, ignored, facts.Ref{}},
		{"compute.instances.repair.recreateInstance", p + "zones/us-central1-a/instances/vm", ignored, ignored, facts.Ref{}},
		{"xv1.compute.firewalls.patch", p + "global/firewalls/allow", ignored, ignored, facts.Ref{}},
		// Of ours, but of what?
		{"v1.compute.firewalls.patch", "", unparsable, unparsable, facts.Ref{}},
		{"v1.compute.firewalls.patch", p + "global/firewalls/", unparsable, unparsable, facts.Ref{}},
		{"v1.compute.firewalls.patch", p + "global/backendServices/web", unparsable, unparsable, facts.Ref{}},
		{"v1.compute.firewalls.patch", "organizations/1/global/firewalls/allow", unparsable, unparsable, facts.Ref{}},
		{"v1.compute.backendServices.patch", p + "regions//backendServices/web", unparsable, unparsable, facts.Ref{}},
		{"v1.compute.backendServices.patch", p + "places/here/backendServices/web", unparsable, unparsable, facts.Ref{}},
		{"", p + "global/backendServices/web", unparsable, unparsable, facts.Ref{}},
	} {
		t.Run(tc.method+" of "+tc.resource, func(t *testing.T) {
			t.Parallel()
			raw := entry(t, "firewall-delete.first", edit{method, `"` + tc.method + `"`}, edit{resourceName, `"` + tc.resource + `"`})
			s := wantOutcome(t, raw, tc.parse)
			if tc.parse == trigger && s.Target != tc.want {
				t.Errorf("Parse: Target = %+v, want %+v", s.Target, tc.want)
			}
			s, err := signal.ParseHistory(raw)
			if got := outcome(err); got != tc.history {
				t.Fatalf("ParseHistory: %s (%v), want %s", got, err, tc.history)
			}
			if s.Target != tc.want {
				t.Errorf("ParseHistory: Target = %+v, want %+v", s.Target, tc.want)
			}
		})
	}
}

func TestComputeAuditOutcomes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edits          []edit
		parse, history string
	}{
		"any resource type":        {[]edit{{"resource", `{"type":"gce_network","labels":{"network_id":"1"}}`}}, trigger, trigger},
		"no resource at all":       {[]edit{{"resource", ""}}, trigger, trigger},
		"a failed call":            {[]edit{{"protoPayload/status", `{"code":5}`}}, ignored, ignored},
		"GKE's service agent":      {[]edit{{principal, `"service-123456789012@container-engine-robot.iam.gserviceaccount.com"`}}, ignored, trigger},
		"Terraform":                {[]edit{{principal, `"terraform@acme-prod.iam.gserviceaccount.com"`}}, trigger, trigger},
		"a user agent that is odd": {[]edit{{"protoPayload/requestMetadata/callerSuppliedUserAgent", `7`}}, unparsable, unparsable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := entry(t, "firewall-delete.first", tc.edits...)
			wantOutcome(t, raw, tc.parse)
			if _, err := signal.ParseHistory(raw); outcome(err) != tc.history {
				t.Errorf("ParseHistory: %v, want %s", err, tc.history)
			}
		})
	}
}
