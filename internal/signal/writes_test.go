package signal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/signal"
)

func compute(verb, request string) signal.Signal {
	return signal.Signal{Kind: signal.ResourceChanged, Change: &signal.Change{Verb: verb, Method: "v1.compute.x." + verb, Request: []byte(request)}}
}

func object(method, verb, request, response string) signal.Signal {
	return signal.Signal{Kind: signal.ObjectChanged, Change: &signal.Change{Verb: verb, Method: method, Request: []byte(request), Response: []byte(response)}}
}

// said is Writes.Named with a word for what is taken away.
func said(w signal.Writes) map[string]string {
	named := map[string]string{}
	for _, path := range w.Paths() {
		named[path] = "(gone)"
		if v := w.Named[path]; v != nil {
			named[path] = *v
		}
	}
	return named
}

func TestWhatARequestToComputeNames(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		signal          signal.Signal
		want            map[string]string
		whole, complete bool
	}{
		"a patch names what changes, numbers as text": {
			compute("patch", `{"@type":"type.googleapis.com/compute.backendServices.patch","timeoutSec":"1","fingerprint":"abc="}`),
			map[string]string{"timeoutSec": "1"},
			false, false,
		},
		"an update is the whole health check": {
			compute("update", `{"@type":"type.googleapis.com/compute.healthChecks.update","name":"hc","type":"HTTP","checkIntervalSec":5,"httpHealthCheck":{"port":"8080","requestPath":"/healthz"}}`),
			map[string]string{"name": "hc", "type": "HTTP", "checkIntervalSec": "5", "httpHealthCheck.port": "8080", "httpHealthCheck.requestPath": "/healthz"},
			true, true,
		},
		"an insert leaves defaults out, repeated fields are in the plural": {
			compute("insert", `{"@type":"type.googleapis.com/compute.firewalls.insert","alloweds":[{"IPProtocol":"tcp","ports":["80"]}],"sourceRanges":["130.211.0.0/22"],"network":"https://www.googleapis.com/compute/v1/projects/acme-prod/global/networks/prod"}`),
			map[string]string{"allowed": `[{"IPProtocol":"tcp","ports":["80"]}]`, "sourceRanges": `["130.211.0.0/22"]`, "network": "projects/acme-prod/global/networks/prod"},
			true, false,
		},
		"a plural of a plural": {
			compute("patch", `{"sourceRangess":["35.191.0.0/16"],"IPAddress":"198.51.100.7"}`),
			map[string]string{"sourceRanges": `["35.191.0.0/16"]`, "IPAddress": "198.51.100.7"},
			false, false,
		},
		"backends by their group's place and name": {
			compute("patch", `{"backends":[{"group":"https://www.googleapis.com/compute/v1/projects/p/zones/us-central1-a/networkEndpointGroups/web","capacityScaler":0},{"group":"projects/p/zones/us-central1-b/networkEndpointGroups/web","capacityScaler":1.0}]}`),
			map[string]string{
				"backends[us-central1-a/web].group": "projects/p/zones/us-central1-a/networkEndpointGroups/web", "backends[us-central1-a/web].capacityScaler": "0",
				"backends[us-central1-b/web].group": "projects/p/zones/us-central1-b/networkEndpointGroups/web", "backends[us-central1-b/web].capacityScaler": "1.0",
			},
			false, false,
		},
		"a rule of a policy by its priority": {
			compute("patchRule", `{"@type":"type.googleapis.com/compute.networkFirewallPolicies.patchRule","priority":"1000","action":"deny","match":{"srcIpRanges":["0.0.0.0/0"]}}`),
			map[string]string{"rules[1000].priority": "1000", "rules[1000].action": "deny", "rules[1000].match.srcIpRanges": `["0.0.0.0/0"]`},
			false, false,
		},
		"a certificate set": {
			compute("setSslCertificates", `{"sslCertificates":["https://compute.googleapis.com/compute/v1/projects/p/global/sslCertificates/new"]}`),
			map[string]string{"sslCertificates": `["projects/p/global/sslCertificates/new"]`},
			false, false,
		},
		"a deletion names nothing":       {compute("delete", `{"@type":"type.googleapis.com/compute.firewalls.delete"}`), map[string]string{}, false, false},
		"an entry without a request":     {compute("patch", ``), map[string]string{}, false, false},
		"a request that isn't an object": {compute("patch", `["a"]`), map[string]string{}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := signal.WritesOf(tc.signal)
			if diff := cmp.Diff(tc.want, said(w)); diff != "" || w.Whole != tc.whole || w.Complete != tc.complete {
				t.Errorf("whole %v, complete %v, named (-want +got):\n%s", w.Whole, w.Complete, diff)
			}
		})
	}
}

func TestWhatAWriteOfAKubernetesObjectNames(t *testing.T) {
	t.Parallel()
	const services, deployments = "io.k8s.core.v1.services.", "io.k8s.apps.v1.deployments."
	for name, tc := range map[string]struct {
		signal signal.Signal
		want   map[string]string
		whole  bool
	}{
		"a strategic merge patch of a Service's port": {
			object(services+"patch", "patch", `{"@type":"core.k8s.io/v1.Patch","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}},"spec":{"$setElementOrder/ports":[{"port":80}],"ports":[{"port":80,"targetPort":9090}]}}`, ``),
			map[string]string{"spec.ports[80].port": "80", "spec.ports[80].targetPort": "9090"},
			false,
		},
		"a merge patch that takes an annotation away": {
			object(services+"patch", "patch", `{"metadata":{"annotations":{"cloud.google.com/neg":null,"team":"shop"}}}`, ``),
			map[string]string{`metadata.annotations["cloud.google.com/neg"]`: "(gone)", `metadata.annotations["team"]`: "shop"},
			false,
		},
		"a merge patch that takes all annotations away": {
			object(services+"patch", "patch", `{"metadata":{"annotations":null}}`, ``),
			map[string]string{"metadata.annotations": "(gone)"},
			false,
		},
		"a JSON patch": {
			object(services+"patch", "patch", `[{"op":"replace","path":"/spec/ports/0/targetPort","value":9090},{"op":"remove","path":"/metadata/annotations/cloud.google.com~1neg"},{"op":"test","path":"/spec/type","value":"ClusterIP"},{"op":"add","path":"/metadata/finalizers","value":["x"]},{"op":"replace","path":"/status/loadBalancer","value":{}}]`, ``),
			map[string]string{"spec.ports[0].targetPort": "9090", `metadata.annotations["cloud.google.com/neg"]`: "(gone)"},
			false,
		},
		"containers by name, an environment variable taken away": {
			object(deployments+"patch", "patch", `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"app:2","env":[{"name":"OLD","$patch":"delete"},{"name":"URL","value":"https://x"}],"args":["--insecure"]}]}}}}`, ``),
			map[string]string{
				"spec.template.spec.containers[app].name": "app", "spec.template.spec.containers[app].image": "app:2",
				"spec.template.spec.containers[app].env[OLD]": "(gone)", "spec.template.spec.containers[app].env[URL].name": "URL", "spec.template.spec.containers[app].env[URL].value": "https://x",
				"spec.template.spec.containers[app].args": `["--insecure"]`,
			},
			false,
		},
		"a scale is only its replicas": {
			object(deployments+"scale.update", "update", `{"@type":"autoscaling.k8s.io/v1.Scale","kind":"Scale","metadata":{"name":"web"},"spec":{"replicas":0},"status":{"replicas":3}}`, `{"@type":"autoscaling.k8s.io/v1.Scale","metadata":{"name":"web"},"spec":{"replicas":0}}`),
			map[string]string{"spec.replicas": "0"},
			false,
		},
		"a server-side apply sends all that it manages": {
			object(services+"patch", "patch", `{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","labels":{"a":"b"}},"spec":{"type":"ClusterIP"}}`, ``),
			map[string]string{"metadata.labels.a": "b", "spec.type": "ClusterIP"},
			true,
		},
		"a ConfigMap's key with a dot": {
			object("io.k8s.core.v1.configmaps.update", "update", `{"kind":"ConfigMap","metadata":{"name":"c"},"data":{"server.insecure":"true","url":"x"}}`, ``),
			map[string]string{`data["server.insecure"]`: "true", "data.url": "x"},
			true,
		},
		"two ports of one number aren't told apart": {
			object(services+"update", "update", `{"spec":{"ports":[{"port":53,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]}}`, ``),
			map[string]string{"spec.ports": `[{"port":53,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]`},
			true,
		},
		"a deletion names nothing": {object(services+"delete", "delete", `{"kind":"DeleteOptions","propagationPolicy":"Background"}`, `{"@type":"core.k8s.io/v1.Status","status":"Success"}`), map[string]string{}, false},
		"a Secret's entry is bare": {object("io.k8s.core.v1.secrets.update", "update", ``, ``), map[string]string{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := signal.WritesOf(tc.signal)
			if diff := cmp.Diff(tc.want, said(w)); diff != "" || w.Whole != tc.whole {
				t.Errorf("whole %v, named (-want +got):\n%s", w.Whole, diff)
			}
		})
	}
}

func TestTheObjectAfterAWriteIsTheResponse(t *testing.T) {
	t.Parallel()
	const response = `{"@type":"core.k8s.io/v1.Service","apiVersion":"v1","kind":"Service","metadata":{"name":"web","annotations":{"cloud.google.com/neg-status":"{}"},"managedFields":[{"manager":"x"}],"resourceVersion":"7"},"spec":{"ports":[{"port":80,"targetPort":8080}],"clusterIP":null},"status":{"loadBalancer":{}}}`
	w := signal.WritesOf(object("io.k8s.core.v1.services.patch", "patch", `{"spec":{"ports":[{"port":80,"targetPort":8080}]}}`, response))
	want := map[string]string{`metadata.annotations["cloud.google.com/neg-status"]`: "{}", "spec.ports[80].port": "80", "spec.ports[80].targetPort": "8080"}
	if diff := cmp.Diff(want, w.After); diff != "" || !w.Complete {
		t.Errorf("complete %v, after (-want +got):\n%s", w.Complete, diff)
	}
	for name, body := range map[string]string{"a Status": `{"@type":"core.k8s.io/v1.Status","metadata":{},"status":"Success"}`, "nothing": ``, "half a body": `{"metadata":{"name":`} {
		if w := signal.WritesOf(object("io.k8s.core.v1.services.patch", "patch", `{"spec":{"type":"NodePort"}}`, body)); w.After != nil || w.Complete {
			t.Errorf("%s tells of the object: %v", name, w.After)
		}
	}
}

func TestTheWritesOfAClusterAreItsSettings(t *testing.T) {
	t.Parallel()
	s, err := signal.ParseHistory(entry(t, "update-cluster.first"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{signal.HTTPLoadBalancingDisabled: "true"}, said(signal.WritesOf(s))); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
}

func TestWhatLiesTooDeepIsOneValue(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 5000) + `1` + strings.Repeat(`}`, 5000)
	w := signal.WritesOf(object("io.k8s.core.v1.services.patch", "patch", `{"spec":`+deep+`}`, ``))
	if paths := w.Paths(); len(paths) != 1 || len(paths[0]) > 100 {
		t.Errorf("%d paths", len(paths))
	}
}
