package testdata_test

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"plumbline/internal/scenario"
	"plumbline/testdata"
)

// A healthy world agrees with itself: what one resource says of another is so, and
// it all is what the controllers would have built.
func TestWorldsAgreeWithThemselves(t *testing.T) {
	t.Parallel()
	worlds, err := fs.Glob(testdata.FS, "worlds/*.txtar")
	if err != nil || len(worlds) == 0 {
		t.Fatalf("worlds are %v, error %v", worlds, err)
	}
	for _, file := range worlds {
		name := strings.TrimSuffix(path.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, problem := range contradictions(loadWorld(t, name)) {
				t.Error(problem)
			}
		})
	}
}

func loadWorld(t *testing.T, name string) *scenario.World {
	t.Helper()
	text := "version: 1\nworld: " + name + "\nnow: 2026-11-17T14:00:00Z\nproject: shop-prod\ntarget: {kind: Certificate, scope: global, name: c}\n"
	fsys := fstest.MapFS{"x/scenario.yaml": {Data: []byte(text)}}
	s, _, err := scenario.LoadFS(fsys, "x", scenario.Options{Worlds: testdata.FS})
	if err != nil {
		t.Fatal(err)
	}
	return s.World
}

// The check is worth nothing unless it sees the slips that one makes in a world.
func TestContradictionsAreSeen(t *testing.T) {
	t.Parallel()
	const (
		argocd = "k8s1-3f1c9a7e-argocd-argocd-server-80-7defb8b8"
		node   = "gke-main-pool-1-5b7d9e2c-k4tq"
		prod   = "projects/shop-prod/"
		zoneB  = prod + "zones/europe-west1-b/"
		desk   = prod + "regions/europe-west1/"
	)
	for name, c := range map[string]struct {
		world string
		slip  func(w *scenario.World)
		sees  string
	}{
		"a URL that leads nowhere": {"external-neg", without(prod + "global/sslCertificates/argocd-acme-example"), "sslCertificates/argocd-acme-example, which isn't in the world"},
		"an ID twice":              {"external-neg", set(prod+"global/networks/prod", "1943695883379169713", "id"), "ID 1943695883379169713"},
		"a UID twice":              {"external-neg", inObject("Service", "web", "580aa3f5-2c48-44d0-a035-37c06351e541", "metadata", "uid"), "UID 580aa3f5"},
		"an instance without the tag of the rule": {
			"external-neg", set(zoneB+"instances/"+node, map[string]any{"items": []any{"other"}}, "tags"), "doesn't have the target tag gke-main-66c39886-node",
		},
		"an instance that doesn't run":        {"external-neg", set(zoneB+"instances/"+node, "TERMINATED", "status"), "status TERMINATED"},
		"a node without an instance":          {"external-neg", without(zoneB + "instances/" + node), "no instance"},
		"a pod outside its node's range":      {"external-neg", inObject("Pod", "web-5d8c7f9b44-4hz6c", "10.8.1.99", "status", "podIP"), "outside"},
		"a pod that no slice has":             {"external-neg", inObject("Pod", "web-5d8c7f9b44-4hz6c", "10.8.0.99", "status", "podIP"), "shop/web: the slices have"},
		"a pod without its ReplicaSet":        {"external-neg", withoutObject("ReplicaSet", "web-5d8c7f9b44"), "owner ReplicaSet/web-5d8c7f9b44"},
		"too many replicas":                   {"external-neg", inObject("Deployment", "web", int64(3), "spec", "replicas"), "3 replicas"},
		"a NEG without an endpoint":           {"external-neg", endpoints(zoneB+"networkEndpointGroups/"+argocd, `[]`), "has the endpoints"},
		"a NEG of another port":               {"external-neg", description(zoneB+"networkEndpointGroups/"+argocd, "port", "443"), "should be named"},
		"a NEG in another network":            {"external-neg", set(zoneB+"networkEndpointGroups/"+argocd, "https://www.googleapis.com/compute/v1/projects/shop-prod/global/networks/other", "network"), "networks/other"},
		"a NEG without its object":            {"external-neg", withoutObject("ServiceNetworkEndpointGroup", argocd), "no ServiceNetworkEndpointGroup"},
		"a group without health":              {"external-neg", unhealthy(prod+"global/backendServices/"+argocd, "zones/europe-west1-b/networkEndpointGroups/"+argocd, ""), "health of"},
		"an endpoint that isn't healthy":      {"external-neg", unhealthy(prod+"global/backendServices/"+argocd, "zones/europe-west1-b/networkEndpointGroups/"+argocd, `[{"healthState":"UNHEALTHY","ipAddress":"10.8.0.7","port":8080},{"healthState":"HEALTHY","ipAddress":"10.8.0.9","port":8080}]`), "health of"},
		"a check that no probe asks for":      {"external-neg", set(prod+"global/healthChecks/"+argocd, 25, "checkIntervalSec"), "the controller would derive"},
		"a pod that answers otherwise":        {"external-neg", func(w *scenario.World) { w.Responses[0].Status = 307 }, "answers 307"},
		"a rule without the port":             {"external-neg", set(prod+"global/firewalls/k8s-fw-l7--3f1c9a7e5b2d4f60", []any{map[string]any{"IPProtocol": "tcp", "ports": []any{"8443"}}}, "allowed"), "allows 8443"},
		"a rule without a prober range":       {"external-neg", set(prod+"global/firewalls/k8s-fw-l7--3f1c9a7e5b2d4f60", []any{"35.191.0.0/16"}, "sourceRanges"), "admits"},
		"an address that nobody uses":         {"external-neg", set(prod+"global/addresses/argocd", []any{}, "users"), "address argocd"},
		"an Ingress with another address":     {"external-neg", set(prod+"global/addresses/argocd", "203.0.113.99", "address"), "address argocd"},
		"a name that leads elsewhere":         {"external-neg", func(w *scenario.World) { w.DNS["shop.acme.example"] = scenario.DNSRecord{A: []string{"203.0.113.99"}} }, "shop.acme.example resolves to"},
		"a URL map without the path":          {"external-neg", set(prod+"global/urlMaps/k8s2-um-ma0ofpm6-shop-storefront-xg5h9bov", []any{}, "pathMatchers"), "the URL map differs"},
		"a wrong hash in a name":              {"external-neg", annotation("Ingress", "argocd", "ingress.kubernetes.io/url-map", "k8s2-um-ma0ofpm6-argocd-argocd-00000000"), "url-map k8s2-um-ma0ofpm6-argocd-argocd-00000000, it should be"},
		"an instance with another address":    {"external-neg", inObject("Node", node, []any{map[string]any{"type": "InternalIP", "address": "10.132.0.77"}}, "status", "addresses"), "has address 10.132.0.11"},
		"another cluster's names":             {"external-neg", inObject("Namespace", "kube-system", "00000000-58b1-4c7f-9a3e-6b1f0d7c2e95", "metadata", "uid"), "ma0ofpm6"},
		"an instance group without its port":  {"external-instance-group", set(zoneB+"instanceGroups/k8s-ig--8c2e5d01a9b74f36", []any{}, "namedPorts"), "named port"},
		"a check of another node port":        {"external-instance-group", set(prod+"global/healthChecks/k8s-be-31090--8c2e5d01a9b74f36", map[string]any{"port": 31099}, "httpHealthCheck"), "the controller would derive"},
		"nodes without routes":                {"external-instance-group", withoutAll("/routes/"), "neither an alias range nor a route"},
		"no proxy-only subnetwork":            {"internal-neg", set(desk+"subnetworks/proxies-europe-west1", "BACKUP", "role"), "proxy-only"},
		"an address outside its subnetwork":   {"internal-neg", set(desk+"subnetworks/prod-europe-west1", "10.131.0.0/20", "ipCidrRange"), "outside"},
		"a plain check of an HTTPS port":      {"internal-neg", annotation("Service", "api", "cloud.google.com/app-protocols", `{"https":"HTTP"}`), "the controller would derive"},
		"a route to a missing Service":        {"gateway", withoutObject("Service", "pay"), "HTTPRoute/shop/storefront: no port pay/pay:8080"},
		"a reference that nobody granted":     {"gateway", withoutObject("ReferenceGrant", "shop"), "no ReferenceGrant"},
		"a check that isn't the policy's":     {"gateway", inObject("HealthCheckPolicy", "web", int64(20), "spec", "default", "checkIntervalSec"), "the controller would derive"},
		"a Gateway that names a missing part": {"gateway", annotation("Gateway", "public", "networking.gke.io/url-maps", "/projects/417203956811/global/urlMaps/gkegw1-none"), "urlMaps/gkegw1-none, which isn't in the world"},
		"a host without a certificate":        {"external-neg", set(prod+"global/sslCertificates/argocd-acme-example", map[string]any{"domains": []any{"other.acme.example"}, "status": "ACTIVE", "domainStatus": map[string]any{"other.acme.example": "ACTIVE"}}, "managed"), "no certificate for argocd.acme.example"},
		"a certificate that doesn't work":     {"shared-vpc", set(prod+"global/sslCertificates/shop-acme-example", map[string]any{"domains": []any{"shop.acme.example"}, "status": "PROVISIONING"}, "managed"), "is PROVISIONING"},
		"a map without its certificate": {"gateway", func(w *scenario.World) {
			delete(w.Certificates, "projects/shop-prod/locations/global/certificates/partners-acme-example")
		}, "doesn't work for partners.acme.example"},
		"a map without entries": {"gateway", func(w *scenario.World) {
			delete(w.Certificates, "projects/shop-prod/locations/global/certificateMaps/partners/certificateMapEntries/partners-acme-example")
		}, "no certificate for partners.acme.example"},
		"a route of a missing Gateway":          {"gateway", withoutObject("Gateway", "partners"), "there is no Gateway partners"},
		"a rule that denies the probers":        {"gateway", set(prod+"global/firewalls/gke-main-c40d8e1f-exkubelet", []any{map[string]any{"IPProtocol": "all"}}, "denied"), "is denied"},
		"a Gateway's rule that is switched off": {"gateway", set(prod+"global/firewalls/gkegw1-m86x-l7-prod-global", true, "disabled"), "is denied"},
		"a rule in the service project":         {"shared-vpc", moved("projects/net-host/global/firewalls/k8s-fw-l7--d41c7b90e2586fa3", prod+"global/firewalls/k8s-fw-l7--d41c7b90e2586fa3"), "no firewall rule"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := loadWorld(t, c.world)
			c.slip(w)
			got := contradictions(w)
			if !slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, c.sees) }) {
				t.Errorf("%q isn't among what was seen: %q", c.sees, got)
			}
		})
	}
}

type slip = func(w *scenario.World)

func without(paths ...string) slip {
	return func(w *scenario.World) {
		for _, p := range paths {
			delete(w.Compute, p)
		}
	}
}

func withoutAll(part string) slip {
	return func(w *scenario.World) {
		for p := range w.Compute {
			if strings.Contains(p, part) {
				delete(w.Compute, p)
			}
		}
	}
}

func moved(from, to string) slip {
	return func(w *scenario.World) {
		w.Compute[to] = w.Compute[from]
		delete(w.Compute, from)
	}
}

// set gives a key of a Compute resource another value.
func set(resource string, value any, key string) slip {
	return func(w *scenario.World) {
		var fields map[string]any
		if json.Unmarshal(w.Compute[resource], &fields) != nil {
			panic("there is no " + resource)
		}
		fields[key] = value
		w.Compute[resource], _ = json.Marshal(fields)
	}
}

// description changes a key of the JSON that a NEG's description is.
func description(resource, key, value string) slip {
	return func(w *scenario.World) {
		var fields struct{ Description string }
		var inner map[string]string
		if json.Unmarshal(w.Compute[resource], &fields) != nil || json.Unmarshal([]byte(fields.Description), &inner) != nil {
			panic("there is no " + resource)
		}
		inner[key] = value
		text, _ := json.Marshal(inner)
		set(resource, string(text), "description")(w)
	}
}

func endpoints(neg, list string) slip {
	return func(w *scenario.World) { w.Endpoints[neg] = json.RawMessage(list) }
}

// unhealthy replaces the health of a group; an empty list takes it away.
func unhealthy(backendService, group, list string) slip {
	return func(w *scenario.World) {
		if w.Health[backendService][group] == nil {
			panic("there is no health of " + group)
		}
		w.Health[backendService][group] = json.RawMessage(list)
		if list == "" {
			delete(w.Health[backendService], group)
		}
	}
}

func inObject(kind, name string, value any, key ...string) slip {
	return func(w *scenario.World) {
		if err := unstructured.SetNestedField(objectNamed(w, kind, name).Object, value, key...); err != nil {
			panic(err)
		}
	}
}

func annotation(kind, name, key, value string) slip {
	return inObject(kind, name, value, "metadata", "annotations", key)
}

func objectNamed(w *scenario.World, kind, name string) *unstructured.Unstructured {
	for _, o := range w.Kubernetes["main"] {
		if o.GetKind() == kind && o.GetName() == name {
			return o
		}
	}
	panic("there is no " + kind + " " + name)
}

func withoutObject(kind, name string) slip {
	return func(w *scenario.World) {
		gone := objectNamed(w, kind, name)
		w.Kubernetes["main"] = slices.DeleteFunc(w.Kubernetes["main"], func(o *unstructured.Unstructured) bool { return o == gone })
	}
}
