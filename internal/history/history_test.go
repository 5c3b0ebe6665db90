package history_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/history"
	"plumbline/internal/signal"
)

func TestChangesOfEntries(t *testing.T) {
	t.Parallel()
	const update = "google.container.v1.ClusterManager.UpdateCluster"
	const clusterName = "projects/acme-prod/locations/us-central1/clusters/web"
	const off, on = `{"update":{"desiredAddonsConfig":{"httpLoadBalancing":{"disabled":true}}}}`, `{"update":{"desiredAddonsConfig":{"httpLoadBalancing":{}}}}`
	const w = dana + " Service/shop/web "
	for name, tc := range map[string]struct {
		ops  []op
		want []string
	}{
		"first and last entry of an operation on a cluster are one change, by whom the first says": {
			[]op{
				{ago: 2 * time.Minute, method: update, object: clusterName, id: "op-1", last: true},
				{ago: 5 * time.Minute, by: dana, method: update, object: clusterName, request: off, id: "op-1", first: true},
			},
			[]string{dana + " Cluster/web addonsConfig.httpLoadBalancing.disabled: ? → true"},
		},
		"the write before tells the old value": {
			[]op{
				{ago: 5 * time.Minute, by: dana, method: update, object: clusterName, request: off, id: "op-2", first: true},
				{ago: time.Hour, by: "kim@acme.example", method: update, object: clusterName, request: on, id: "op-1", first: true},
			},
			[]string{dana + " Cluster/web addonsConfig.httpLoadBalancing.disabled: false → true", "kim@acme.example Cluster/web addonsConfig.httpLoadBalancing.disabled: ? → false"},
		},
		"an operation that failed changed nothing, and tells no old value": {
			[]op{
				{ago: time.Hour, by: dana, method: update, object: clusterName, request: on, id: "op-1", first: true},
				{ago: 59 * time.Minute, method: update, object: clusterName, id: "op-1", last: true, code: 9},
				{ago: 5 * time.Minute, by: dana, method: update, object: clusterName, request: off, id: "op-2", first: true},
			},
			[]string{dana + " Cluster/web addonsConfig.httpLoadBalancing.disabled: ? → true"},
		},
		"a last entry alone doesn't tell what": {
			[]op{{ago: time.Minute, method: update, object: clusterName, id: "op-1", last: true}},
			[]string{" Cluster/web untold"},
		},
		"a firewall rule's deletion, joined": {
			[]op{
				{ago: 3 * time.Minute, by: dana, method: "v1.compute.firewalls.delete", object: firewall, request: `{"@type":"type.googleapis.com/compute.firewalls.delete"}`, id: "op-1", first: true},
				{ago: 2 * time.Minute, by: dana, method: "v1.compute.firewalls.delete", object: firewall, request: `{"@type":"type.googleapis.com/compute.firewalls.delete"}`, id: "op-1", last: true},
			},
			[]string{dana + " FirewallRule/k8s-fw-l7--1a2b3c4d5e6f7a8b deleted"},
		},
		"two patches of Compute": {
			[]op{
				{ago: 9 * time.Minute, by: dana, method: "v1.compute.healthChecks.patch", object: check, request: `{"checkIntervalSec":"15"}`, id: "op-1", first: true},
				{ago: 3 * time.Minute, by: dana, method: "v1.compute.healthChecks.patch", object: check, request: `{"checkIntervalSec":5}`, id: "op-2", first: true},
				{ago: time.Minute, by: dana, method: "v1.compute.healthChecks.patch", object: check, request: `{"checkIntervalSec":"5"}`, id: "op-3", first: true},
			},
			[]string{
				dana + " HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c checkIntervalSec: 15 → 5",
				dana + " HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c checkIntervalSec: ? → 15",
			},
		},
		"an update of the whole health check doesn't tell what changed": {
			[]op{{ago: time.Minute, by: dana, method: "v1.compute.healthChecks.update", object: check, request: `{"type":"HTTP","httpHealthCheck":{"port":8080,"requestPath":"/"}}`, id: "op-1", first: true}},
			[]string{dana + " HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c untold"},
		},
		"two updates of the whole health check do": {
			[]op{
				{ago: time.Hour, by: dana, method: "v1.compute.healthChecks.update", object: check, request: `{"type":"HTTP","httpHealthCheck":{"port":8080,"requestPath":"/healthz","host":"x"}}`, id: "op-1", first: true},
				{ago: time.Minute, by: dana, method: "v1.compute.healthChecks.update", object: check, request: `{"type":"HTTP","httpHealthCheck":{"port":"8080","requestPath":"/"}}`, id: "op-2", first: true},
			},
			[]string{
				dana + " HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c httpHealthCheck.host: x → removed",
				dana + " HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c httpHealthCheck.requestPath: /healthz → /",
				dana + " HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c untold",
			},
		},
		"defaults that an insert left out aren't changes": {
			[]op{
				{ago: time.Hour, by: robot, method: "v1.compute.healthChecks.insert", object: check, request: `{"type":"HTTP","httpHealthCheck":{"requestPath":"/healthz"}}`, id: "op-1", first: true},
				{ago: time.Minute, by: dana, method: "v1.compute.healthChecks.update", object: check, request: `{"type":"HTTP","timeoutSec":5,"httpHealthCheck":{"requestPath":"/"}}`, id: "op-2", first: true},
			},
			[]string{
				dana + " HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c httpHealthCheck.requestPath: /healthz → /",
				robot + " HealthCheck/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c created",
			},
		},
		"a patch after a whole object tells old and new, and no more than it names": {
			[]op{
				{ago: time.Hour, by: dana, method: service + "patch", object: serviceName, request: `{"metadata":{"annotations":{"a":"b"}}}`, response: webService(8080, "", `"a":"b"`)},
				{ago: 3 * time.Minute, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"ports":[{"port":80,"targetPort":9090}]}}`, response: webService(9090, `"from":"elsewhere"`, `"a":"b"`)},
			},
			[]string{w + `spec.ports[80].targetPort: 8080 → 9090`, w + `metadata.annotations["a"]: ? → b`},
		},
		"a patch that says what is so already changes nothing": {
			[]op{
				{ago: time.Hour, by: dana, method: service + "update", object: serviceName, request: webService(8080, "", ``), response: webService(8080, "", ``)},
				{ago: 3 * time.Minute, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"ports":[{"port":80,"targetPort":8080}]}}`, response: webService(8080, "", ``)},
			},
			[]string{w + "untold"},
		},
		"an update after a whole object is compared with it": {
			[]op{
				{ago: time.Hour, by: dana, method: service + "patch", object: serviceName, request: `{"metadata":{"labels":{"x":"y"}}}`, response: webService(8080, `"x":"y"`, `"cloud.google.com/neg":"{}"`)},
				{ago: 3 * time.Minute, by: dana, method: service + "update", object: serviceName, request: webService(8080, `"x":"y"`, ``), response: webService(8080, `"x":"y"`, ``)},
			},
			[]string{w + `metadata.annotations["cloud.google.com/neg"]: {} → removed`, w + "metadata.labels.x: ? → y"},
		},
		"a server-side apply with nothing before it": {
			[]op{{ago: time.Minute, by: argo, method: service + "patch", object: serviceName, request: `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"port":80,"targetPort":9090}]}}`, response: webService(9090, "", "")}},
			[]string{argo + " Service/shop/web untold"},
		},
		"a server-side apply after a whole object": {
			[]op{
				{ago: time.Hour, by: argo, method: service + "create", object: serviceName, request: `{"spec":{}}`, response: webService(8080, "", "")},
				{ago: time.Minute, by: argo, method: service + "patch", object: serviceName, request: `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"port":80,"targetPort":9090}]}}`, response: webService(9090, "", "")},
			},
			[]string{argo + " Service/shop/web spec.ports[80].targetPort: 8080 → 9090", argo + " Service/shop/web created"},
		},
		"a JSON patch by index is told by the objects around it": {
			[]op{
				{ago: time.Hour, by: dana, method: service + "create", object: serviceName, request: `{"spec":{}}`, response: webService(8080, "", "")},
				{ago: time.Minute, by: dana, method: service + "patch", object: serviceName, request: `[{"op":"replace","path":"/spec/ports/0/targetPort","value":9090}]`, response: webService(9090, "", "")},
			},
			[]string{w + "spec.ports[80].targetPort: 8080 → 9090", w + "created"},
		},
		"a JSON patch without an answer": {
			[]op{{ago: time.Minute, by: dana, method: service + "patch", object: serviceName, request: `[{"op":"replace","path":"/spec/ports/0/targetPort","value":9090}]`}},
			[]string{w + "spec.ports[0].targetPort: ? → 9090"},
		},
		"an environment variable's value isn't told": {
			[]op{{ago: time.Minute, by: dana, method: "io.k8s.apps.v1.deployments.patch", object: "apps/v1/namespaces/shop/deployments/web", request: `{"spec":{"template":{"spec":{"containers":[{"name":"app","env":[{"name":"DB","value":"hunter2"}]}]}}}}`}},
			[]string{dana + " Deployment/shop/web spec.template.spec.containers[app].env[DB].value: ? → ?"},
		},
		"a long value isn't told": {
			[]op{{ago: time.Minute, by: dana, method: service + "patch", object: serviceName, request: `{"metadata":{"annotations":{"a":"` + strings.Repeat("x", 200) + `"}}}`}},
			[]string{w + `metadata.annotations["a"]: ? → ?`},
		},
		"a scale": {
			[]op{{ago: time.Minute, by: dana, method: "io.k8s.apps.v1.deployments.scale.patch", object: "apps/v1/namespaces/shop/deployments/web/scale", request: `{"spec":{"replicas":0}}`, response: `{"@type":"autoscaling.k8s.io/v1.Scale","metadata":{"name":"web"},"spec":{"replicas":0}}`}},
			[]string{dana + " Deployment/shop/web spec.replicas: ? → 0"},
		},
		"nothing": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, told(changes(t, tc.ops...))); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAChangeSaysByWhomWithWhatAndWhen(t *testing.T) {
	t.Parallel()
	list := changes(
		t,
		op{ago: 4 * time.Minute, by: robot, method: "v1.compute.healthChecks.patch", object: check, request: `{"timeoutSec":5}`},
		op{ago: 3 * time.Minute, by: "tf@acme-prod.iam.gserviceaccount.com", agent: "google-api-go-client/0.5 Terraform/1.9.8 (+https://www.terraform.io)", method: "v1.compute.firewalls.patch", object: firewall, request: `{"disabled":true}`, id: "op-1", first: true},
		op{ago: 2 * time.Minute, by: "tf@acme-prod.iam.gserviceaccount.com", method: "v1.compute.firewalls.patch", object: firewall, id: "op-1", last: true},
	)
	if len(list) != 2 {
		t.Fatalf("%d changes, want 2: %v", len(list), told(list))
	}
	c := list[0]
	if c.By != "tf@acme-prod.iam.gserviceaccount.com" || c.Caller != signal.Terraform || c.Controller || !c.At.Equal(failed.Add(-3*time.Minute)) || c.Entry != "e1" || c.Method != "v1.compute.firewalls.patch" {
		t.Errorf("the newest is %+v", c)
	}
	if c = list[1]; !c.Controller || c.Caller != signal.GKE {
		t.Errorf("GKE's own is %+v", c)
	}
}

func TestAnEntryThatCameTwiceIsOneChange(t *testing.T) {
	t.Parallel()
	s := op{ago: time.Minute, by: dana, method: service + "patch", object: serviceName, request: `{"spec":{"type":"NodePort"}}`}.parse(t, 1)
	if list := history.Of([]signal.Signal{s, s}); len(list) != 1 {
		t.Errorf("%v", told(list))
	}
}
