package history_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/facts"
	"plumbline/internal/history"
	"plumbline/internal/path"
)

// onPath are objects on the path of Ingress shop/web.
func onPath() []history.Object {
	return []history.Object{
		{Ref: inProject(facts.KindBackendService, "k8s1-1a2b3c4d-shop-web-80-5f6e7d8c")},
		{Ref: inProject(facts.KindHealthCheck, "k8s1-1a2b3c4d-shop-web-80-5f6e7d8c")},
		{Ref: facts.Ref{Project: project, Scope: "zones/us-central1-a", Kind: facts.KindNEG, Name: "k8s1-1a2b3c4d-shop-web-80-5f6e7d8c"}},
		{Ref: inCluster(facts.KindService, "web")},
		{Ref: inCluster(facts.KindBackendConfig, "web")},
		{Ref: inCluster(facts.KindDeployment, "web")},
		{Ref: inCluster(facts.KindConfigMap, "web-config")},
		{Ref: inCluster(facts.KindNetworkPolicy, "")},
		{Ref: inCluster(facts.KindIngress, "web")},
		{Ref: facts.ClusterRef(cluster)},
		{Ref: facts.Ref{Project: project, Kind: facts.KindFirewallRule}, Except: []facts.Ref{inProject(facts.KindFirewallRule, "of-another-network")}},
		{Ref: facts.Ref{Project: project, Kind: facts.KindFirewallPolicy}},
	}
}

const (
	deployment    = "apps/v1/namespaces/shop/deployments/web"
	patchRollout  = "io.k8s.apps.v1.deployments.patch"
	patchFirewall = "v1.compute.firewalls.patch"
	argoAgent     = "argocd-application-controller/v0.0.0 (linux/amd64) kubernetes/$Format"
)

func TestSuspectsOfUnhealthyBackends(t *testing.T) {
	t.Parallel()
	const min = time.Minute
	for name, tc := range map[string]struct {
		ops  []op
		want []string
	}{
		"Argo CD's sync moved the Service to another port": {
			[]op{
				{ago: 40 * min, by: argo, agent: argoAgent, method: service + "patch", object: serviceName, request: `{"metadata":{"labels":{"v":"1"}}}`, response: webService(8080, `"v":"1"`, "")},
				{ago: 3 * min, by: argo, agent: argoAgent, method: service + "patch", object: serviceName, request: `{"metadata":{"labels":{"v":"2"}},"spec":{"$setElementOrder/ports":[{"port":80}],"ports":[{"port":80,"targetPort":9090}]}}`, response: webService(9090, `"v":"2"`, "")},
			},
			[]string{"3m0s service argo-cd Service/shop/web spec.ports[80].targetPort 8080→9090"},
		},
		"a rule was disabled": {
			[]op{{ago: 3 * min, by: dana, agent: "google-cloud-sdk gcloud/538.0.0 command/gcloud.compute.firewall-rules.update", method: patchFirewall, object: firewall, request: `{"disabled":true}`, id: "op-1", first: true}},
			[]string{"3m0s firewall gcloud FirewallRule/k8s-fw-l7--1a2b3c4d5e6f7a8b disabled ?→true"},
		},
		"a rule was deleted": {
			[]op{{ago: 3 * min, by: dana, method: "v1.compute.firewalls.delete", object: firewall, id: "op-1", first: true}},
			[]string{"3m0s firewall other FirewallRule/k8s-fw-l7--1a2b3c4d5e6f7a8b deleted"},
		},
		"a rule that denies was added": {
			[]op{{ago: 3 * min, by: dana, method: "v1.compute.firewalls.insert", object: "projects/acme-prod/global/firewalls/deny", request: `{"denieds":[{"IPProtocol":"all"}],"priority":1}`, id: "op-1", first: true}},
			[]string{"3m0s firewall other FirewallRule/deny created"},
		},
		"a policy got a rule": {
			[]op{{ago: 3 * min, by: dana, method: "v1.compute.networkFirewallPolicies.addRule", object: "projects/acme-prod/global/firewallPolicies/base", request: `{"priority":10,"action":"deny","match":{"srcIpRanges":["0.0.0.0/0"]}}`, id: "op-1", first: true}},
			[]string{"3m0s firewall other FirewallPolicy/base rules[10].action ?→deny rules[10].match.srcIpRanges ?→[\"0.0.0.0/0\"]"},
		},
		"the shortest lead time comes first": {
			[]op{
				{ago: 40 * min, by: dana, method: "v1.compute.healthChecks.patch", object: check, request: `{"httpHealthCheck":{"requestPath":"/up"}}`, id: "op-1", first: true},
				{ago: 2 * min, by: dana, method: patchRollout, object: deployment, request: `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"app:2"}]}}}}`},
				{ago: 5 * min, by: dana, method: "io.k8s.apps.v1.deployments.scale.patch", object: deployment + "/scale", request: `{"spec":{"replicas":0}}`},
			},
			[]string{
				"2m0s pods other Deployment/shop/web spec.template.spec.containers[app].image ?→app:2",
				"5m0s pods other Deployment/shop/web spec.replicas ?→0",
				"40m0s health-check other HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c httpHealthCheck.requestPath ?→/up",
			},
		},
		"a NetworkPolicy of the namespace": {
			[]op{{ago: 3 * min, by: dana, method: "io.k8s.networking.v1.networkpolicies.create", object: "networking.k8s.io/v1/namespaces/shop/networkpolicies/deny", request: `{"spec":{"podSelector":{}}}`}},
			[]string{"3m0s pods other NetworkPolicy/shop/deny created"},
		},
		"an update that doesn't tell what it changed": {
			[]op{{ago: 3 * min, by: dana, method: service + "update", object: serviceName, request: webService(8080, "", "")}},
			[]string{"3m0s service other Service/shop/web untold"},
		},
		"a change in the very second in which it began to fail": {
			[]op{{ago: -time.Second, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"selector":{"app":"x"}}}`}},
			[]string{"0s service other Service/shop/web spec.selector.app ?→x"},
		},
		"all annotations were taken away": {
			[]op{{ago: 3 * min, by: dana, method: service + "patch", object: serviceName, request: `{"metadata":{"annotations":null}}`}},
			[]string{"3m0s service other Service/shop/web metadata.annotations ?→removed"},
		},
		"nobody else wrote, so the controller did": {
			[]op{{ago: 3 * min, by: robot, method: "v1.compute.healthChecks.patch", object: check, request: `{"httpHealthCheck":{"requestPath":"/"}}`, id: "op-1", first: true}},
			[]string{"3m0s health-check gke HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c httpHealthCheck.requestPath ?→/"},
		},
		// Near misses.
		"a label of the Service": {
			[]op{{ago: 3 * min, by: argo, agent: argoAgent, method: service + "patch", object: serviceName, request: `{"metadata":{"labels":{"v":"2"}}}`, response: webService(8080, `"v":"2"`, "")}}, nil,
		},
		"an annotation that no controller reads, with a name that begins the same": {
			[]op{{ago: 3 * min, by: dana, method: service + "patch", object: serviceName, request: `{"metadata":{"annotations":{"cloud.google.com/neg-status":"{}","cloud.google.com/negative":"1"}}}`}}, nil,
		},
		"the description of a health check": {
			[]op{{ago: 3 * min, by: dana, method: "v1.compute.healthChecks.patch", object: check, request: `{"description":"x","logConfig":{"enable":true}}`, id: "op-1", first: true}}, nil,
		},
		"the time-out of a backend service, which no probe waits for": {
			[]op{{ago: 3 * min, by: dana, method: "v1.compute.backendServices.patch", object: "projects/acme-prod/global/backendServices/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c", request: `{"timeoutSec":1}`, id: "op-1", first: true}}, nil,
		},
		"a controller's write beside a person's": {
			[]op{
				{ago: 3 * min, by: robot, method: "v1.compute.healthChecks.patch", object: check, request: `{"httpHealthCheck":{"requestPath":"/"}}`, id: "op-1", first: true},
				{ago: 4 * min, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"selector":{"app":"x"}}}`},
			},
			[]string{"4m0s service other Service/shop/web spec.selector.app ?→x"},
		},
		"endpoints that the NEG controller detached": {
			[]op{{ago: 3 * min, by: robot, method: "v1.compute.networkEndpointGroups.detachNetworkEndpoints", object: "projects/acme-prod/zones/us-central1-a/networkEndpointGroups/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c", request: `{"networkEndpoints":[{"ipAddress":"10.0.0.1"}]}`, id: "op-1", first: true}}, nil,
		},
		"a change after the failure": {
			[]op{{ago: -time.Minute, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"selector":{"app":"x"}}}`}}, nil,
		},
		"a change before the window": {
			[]op{{ago: 31 * 24 * time.Hour, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"selector":{"app":"x"}}}`}}, nil,
		},
		"an operation that failed": {
			[]op{
				{ago: 3 * min, by: dana, method: patchFirewall, object: firewall, request: `{"disabled":true}`, id: "op-1", first: true},
				{ago: 2 * min, by: dana, method: patchFirewall, object: firewall, id: "op-1", last: true, code: 9},
			}, nil,
		},
		"another Service": {
			[]op{{ago: 3 * min, by: dana, method: service + "patch", object: "core/v1/namespaces/shop/services/web2", request: `{"spec":{"selector":{"app":"x"}}}`}}, nil,
		},
		"a rule of another network": {
			[]op{{ago: 3 * min, by: dana, method: patchFirewall, object: "projects/acme-prod/global/firewalls/of-another-network", request: `{"disabled":true}`, id: "op-1", first: true}}, nil,
		},
		"a rule of another project": {
			[]op{{ago: 3 * min, by: dana, method: patchFirewall, object: "projects/acme-dev/global/firewalls/k8s-fw-l7--1a2b3c4d5e6f7a8b", request: `{"disabled":true}`, id: "op-1", first: true}}, nil,
		},
		"a rule that allows was added, and one for the way out": {
			[]op{
				{ago: 3 * min, by: dana, method: "v1.compute.firewalls.insert", object: "projects/acme-prod/global/firewalls/ssh", request: `{"alloweds":[{"IPProtocol":"tcp","ports":["22"]}]}`, id: "op-1", first: true},
				{ago: 2 * min, by: dana, method: "v1.compute.firewalls.insert", object: "projects/acme-prod/global/firewalls/out", request: `{"denieds":[{"IPProtocol":"all"}],"direction":"EGRESS"}`, id: "op-2", first: true},
			}, nil,
		},
		"a rule that denied was deleted": {
			[]op{
				{ago: 50 * min, by: dana, method: patchFirewall, object: "projects/acme-prod/global/firewalls/deny", request: `{"denieds":[{"IPProtocol":"all"}]}`, id: "op-1", first: true},
				{ago: 3 * min, by: dana, method: "v1.compute.firewalls.delete", object: "projects/acme-prod/global/firewalls/deny", id: "op-2", first: true},
			},
			[]string{"50m0s firewall other FirewallRule/deny denied ?→[{\"IPProtocol\":\"all\"}]"},
		},
		"the Ingress's certificate, which no probe sees": {
			[]op{{ago: 3 * min, by: dana, method: "io.k8s.networking.v1.ingresses.patch", object: "networking.k8s.io/v1/namespaces/shop/ingresses/web", request: `{"spec":{"tls":[]}}`}}, nil,
		},
		"the cluster's version": {
			[]op{{ago: 3 * min, by: dana, method: "google.container.v1.ClusterManager.UpdateMaster", object: cluster, request: `{"masterVersion":"1.33"}`, id: "op-1", first: true}}, nil,
		},
		"something about the cluster": {
			[]op{{ago: 3 * min, by: dana, method: "google.container.v1.ClusterManager.UpdateCluster", object: cluster, request: `{"update":{"desiredNodePoolId":"x"}}`, id: "op-1", first: true}}, nil,
		},
		"a Secret": {
			[]op{{ago: 3 * min, by: dana, method: "io.k8s.core.v1.secrets.update", object: "core/v1/namespaces/shop/secrets/tls"}}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := history.Suspects(changes(t, tc.ops...), history.On(history.Health, onPath()), failed)
			if diff := cmp.Diff(tc.want, accused(got)); diff != "" {
				t.Errorf("suspects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryFactHasItsOwnSuspects(t *testing.T) {
	t.Parallel()
	ops := []op{
		{ago: time.Minute, by: dana, method: "io.k8s.networking.v1.ingresses.patch", object: "networking.k8s.io/v1/namespaces/shop/ingresses/web", request: `{"spec":{"tls":[]}}`},
		{ago: 2 * time.Minute, by: dana, method: "io.k8s.networking.v1.ingresses.patch", object: "networking.k8s.io/v1/namespaces/shop/ingresses/web", request: `{"metadata":{"annotations":{"kubernetes.io/ingress.class":"nginx"}}}`},
		{ago: 3 * time.Minute, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"selector":{"app":"x"}}}`},
		{ago: 4 * time.Minute, by: dana, method: service + "patch", object: serviceName, request: `{"metadata":{"annotations":{"cloud.google.com/neg":null}}}`},
		{ago: 5 * time.Minute, by: dana, method: "google.container.v1.ClusterManager.SetAddonsConfig", object: cluster, request: `{"addonsConfig":{"httpLoadBalancing":{"disabled":true}}}`},
	}
	const tls, class, selector = "1m0s proxy other Ingress/shop/web spec.tls ?→[]", `other Ingress/shop/web metadata.annotations["kubernetes.io/ingress.class"] ?→nginx`, "3m0s service other Service/shop/web spec.selector.app ?→x"
	const neg, addon = `4m0s service other Service/shop/web metadata.annotations["cloud.google.com/neg"] ?→removed`, "5m0s service other Cluster/web addonsConfig.httpLoadBalancing.disabled ?→true"
	for fact, want := range map[history.Fact][]string{
		history.Health:       {selector, neg, addon},
		history.Provisioning: {"1m0s url-map other Ingress/shop/web spec.tls ?→[]", "2m0s url-map " + class, neg, addon},
		history.Certificate:  {tls},
	} {
		t.Run(string(fact), func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, accused(history.Suspects(changes(t, ops...), history.On(fact, onPath()), failed))); diff != "" {
				t.Errorf("suspects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutABeginningTheNewestComesFirst(t *testing.T) {
	t.Parallel()
	list := changes(
		t,
		op{ago: time.Hour, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"selector":{"app":"x"}}}`},
		op{ago: -time.Hour, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"selector":{"app":"y"}}}`},
	)
	got := history.Suspects(list, history.On(history.Health, onPath()), time.Time{})
	want := []string{"0s service other Service/shop/web spec.selector.app x→y", "0s service other Service/shop/web spec.selector.app ?→x"}
	if diff := cmp.Diff(want, accused(got)); diff != "" {
		t.Errorf("suspects (-want +got):\n%s", diff)
	}
}

func TestEveryDependencyLiesOnAStation(t *testing.T) {
	t.Parallel()
	for _, fact := range []history.Fact{history.Health, history.Provisioning, history.Certificate} {
		for _, d := range history.On(fact, onPath()) {
			if !slices.Contains(path.Stations, d.Station) {
				t.Errorf("%s: %s is at %q", fact, d.Object, d.Station)
			}
		}
	}
}

// accused is a Suspect in one line.
func accused(list []history.Suspect) []string {
	var lines []string
	for _, s := range list {
		line := fmt.Sprintf("%s %s %s %s", s.Lead, s.Station, s.Caller, s.Object)
		switch {
		case s.Created:
			line += " created"
		case s.Deleted:
			line += " deleted"
		case s.Untold:
			line += " untold"
		}
		for _, f := range s.Fields {
			line += fmt.Sprintf(" %s %s→%s", f.Path, word(f.From, "?"), word(f.To, map[bool]string{true: "removed", false: "?"}[f.Removed]))
		}
		lines = append(lines, line)
	}
	return lines
}
