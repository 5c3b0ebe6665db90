package scenario

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// onBase is head with `world: base`: its next file's first line is 7.
var onBase = strings.Replace(head, "version: 1\n", "version: 1\nworld: base\n", 1)

const base = `-- scenario.yaml --
version: 1
title: All is well
project: base-project
now: 2026-01-01T00:00:00Z
-- compute/projects/shop-prod/global/healthChecks/h.json --
{
  "type": "HTTP",
  "timeoutSec": 5,
  "httpHealthCheck": {"port": 80, "requestPath": "/healthz"}
}
-- compute/projects/shop-prod/global/firewalls/f.json --
{"sourceRanges": ["35.191.0.0/16", "130.211.0.0/22"]}
-- compute/projects/shop-prod/global/backendServices/b.json --
{}
-- compute/projects/shop-prod/global/backendServices/b/health.json --
{"zones/z/networkEndpointGroups/g": [{"healthState": "HEALTHY"}], "zones/y/networkEndpointGroups/g": []}
-- compute/projects/shop-prod/zones/z/networkEndpointGroups/g.json --
{}
-- compute/projects/shop-prod/zones/z/networkEndpointGroups/g/endpoints.json --
[{"networkEndpoint": {"port": 1}}, {"networkEndpoint": {"port": 2}}]
-- container/projects/shop-prod/locations/europe-west1/clusters/main.json --
{"addonsConfig": {"httpLoadBalancing": {"disabled": true}}}
-- kubernetes/main/all.yaml --
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  annotations: {a: "1", b: "2"}
spec: {type: ClusterIP}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, creationTimestamp: null}}
-- logging/audit.jsonl --
{"insertId":"base-audit"}
-- logging/events.jsonl --
{"insertId":"base-event"}
-- trigger.jsonl --
{"insertId":"base-trigger"}
-- responses.yaml --
- {pod: shop/*, port: 80, status: 200}
-- dns.yaml --
base.example: {NXDOMAIN: true}
`

const (
	checkPath    = "projects/shop-prod/global/healthChecks/h"
	firewallPath = "projects/shop-prod/global/firewalls/f"
	servicePath  = "projects/shop-prod/global/backendServices/b"
	groupPath    = "projects/shop-prod/zones/z/networkEndpointGroups/g"
	clusterPath  = "projects/shop-prod/locations/europe-west1/clusters/main"
)

// over loads a scenario on the world base.
func over(t *testing.T, archive string) *Scenario {
	t.Helper()
	write(t, map[string]string{"x.txtar": archive, "worlds/base.txtar": base})
	s, warnings, err := Load("x.txtar", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Errorf("warning: %v", w)
	}
	return s
}

func TestTheWorldAlone(t *testing.T) {
	s := over(t, onBase)
	if s.Title != "All is well" || s.Project != "base-project" || s.Now != time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC) || s.Target.Kind != "Ingress" {
		t.Errorf("header is %q %q %v %v", s.Title, s.Project, s.Now, s.Target)
	}
	if len(s.World.Compute) != 4 || len(s.World.Kubernetes["main"]) != 2 || s.After != nil || s.Trigger != nil {
		t.Errorf("the world is %+v", s.World)
	}
	namespace := s.World.Kubernetes["main"][1]
	if v, ok, _ := unstructured.NestedFieldNoCopy(namespace.Object, "metadata", "creationTimestamp"); !ok || v != nil {
		t.Errorf("a null of the world is %v", v)
	}
}

func TestAWorldIsAScenarioByItself(t *testing.T) {
	s := loaded(t, base)
	if len(s.Trigger) != 1 || s.Title != "All is well" || s.Now.Year() != 2026 || len(s.World.Clusters) != 1 {
		t.Errorf("scenario is %+v", s)
	}
}

func TestTheWorldsEntriesAndClockAreDefaults(t *testing.T) {
	s := over(t, "-- scenario.yaml --\nversion: 1\nworld: base\n")
	if diff := cmp.Diff([]string{`{"insertId":"base-trigger"}`}, texts(s.Trigger)); diff != "" {
		t.Error(diff)
	}
	if want := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); !s.Now.Equal(want) {
		t.Errorf("now is %v", s.Now)
	}
	own := over(t, "-- scenario.yaml --\nversion: 1\nworld: base\n-- trigger.jsonl --\n{\"insertId\":\"own\"}\n")
	if diff := cmp.Diff([]string{`{"insertId":"own"}`}, texts(own.Trigger)); diff != "" {
		t.Error(diff)
	}
}

func TestOverlayMergesAndReplaces(t *testing.T) {
	s := over(t, onBase+`-- compute/`+checkPath+`.json --
{"timeoutSec": null, "httpHealthCheck": {"port": 8080}}
-- compute/`+firewallPath+`.json --
{"sourceRanges": ["10.0.0.0/8"]}
-- compute/`+servicePath+`/health.json --
{"zones/z/networkEndpointGroups/g": [{"healthState": "UNHEALTHY"}], "zones/y/networkEndpointGroups/g": null}
-- compute/`+groupPath+`/endpoints.json --
[{"networkEndpoint": {"port": 3}}]
-- container/`+clusterPath+`.json --
{"addonsConfig": {"httpLoadBalancing": {"disabled": null}}}
-- kubernetes/main/changes.yaml --
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, annotations: {a: null, c: "3"}}
spec: {type: NodePort}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: other, creationTimestamp: null}
-- logging/events.jsonl --
{"insertId":"own-event"}
-- responses.yaml --
- {pod: other/*, port: 80, error: timeout}
-- dns.yaml --
own.example: {A: [203.0.113.7]}
`)
	w := s.World
	check := fields(t, w.Compute[checkPath])
	if diff := cmp.Diff(map[string]any{"port": 8080.0, "requestPath": "/healthz"}, check["httpHealthCheck"]); diff != "" || check["type"] != "HTTP" {
		t.Errorf("health check is %v", check)
	}
	if _, ok := check["timeoutSec"]; ok {
		t.Error("null left timeoutSec in place")
	}
	if diff := cmp.Diff([]any{"10.0.0.0/8"}, fields(t, w.Compute[firewallPath])["sourceRanges"]); diff != "" {
		t.Error(diff)
	}
	if got := w.Health[servicePath]; len(got) != 1 || string(got["zones/z/networkEndpointGroups/g"]) != `[{"healthState":"UNHEALTHY"}]` {
		t.Errorf("health is %s", got)
	}
	if got := string(w.Endpoints[groupPath]); got != `[{"networkEndpoint": {"port": 3}}]`+"\n" {
		t.Errorf("endpoints are %s", got)
	}
	addon := w.Clusters[clusterPath].AddonsConfig.HttpLoadBalancing
	if addon == nil || addon.Disabled {
		t.Errorf("the add-on is %+v", addon)
	}
	if diff := cmp.Diff([]string{"v1 Service shop/web", "v1 Namespace /shop", "v1 Service other/web"}, names(w.Kubernetes["main"])); diff != "" {
		t.Fatal(diff)
	}
	web := w.Kubernetes["main"][0]
	if diff := cmp.Diff(map[string]string{"b": "2", "c": "3"}, web.GetAnnotations()); diff != "" {
		t.Error(diff)
	}
	if typ, _, _ := unstructured.NestedString(web.Object, "spec", "type"); typ != "NodePort" {
		t.Errorf("type is %q", typ)
	}
	if _, ok, _ := unstructured.NestedFieldNoCopy(w.Kubernetes["main"][2].Object, "metadata", "creationTimestamp"); ok {
		t.Error("a null of an overlay stayed in a new object")
	}
	if diff := cmp.Diff([]string{`{"insertId":"base-audit"}`, `{"insertId":"own-event"}`, `{"insertId":"base-trigger"}`}, texts(w.Logs)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Response{{Pod: "other/*", Port: 80, Path: "*", Error: "timeout"}}, w.Responses); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]DNSRecord{"own.example": {A: []string{"203.0.113.7"}}}, w.DNS); diff != "" {
		t.Error(diff)
	}
}

func TestErrorsOfAMergedFileNameTheFileThatSaysIt(t *testing.T) {
	for name, c := range map[string]struct{ world, overlay, want string }{
		"the overlay": {
			"{\n\"type\": \"HTTP\"}",
			"-- compute/" + checkPath + ".json --\n{\n\"typ\": \"HTTPS\"}\n",
			`x.txtar:8: compute/` + checkPath + `.json: unknown field "typ" (typ isn't in compute HealthCheck)`,
		},
		"the world": {
			"{\n\"typ\": \"HTTP\"}",
			"-- compute/" + checkPath + ".json --\n{\n\"type\": \"HTTPS\"}\n",
			`worlds/base.txtar:3: compute/` + checkPath + `.json: unknown field "typ" (typ isn't in compute HealthCheck)`,
		},
		"a value of the overlay": {
			"{\n\"timeoutSec\": 5}",
			"-- compute/" + checkPath + ".json --\n{\n\"timeoutSec\": \"x\"}\n",
			`x.txtar:8: compute/` + checkPath + `.json: field "timeoutSec" of compute HealthCheck: invalid value for int32 field timeoutSec: "x"`,
		},
		"after": {
			"{}",
			"-- after/compute/" + checkPath + ".json --\n{\n\"typ\": \"HTTPS\"}\n",
			`x.txtar:8: after/compute/` + checkPath + `.json: unknown field "typ" (typ isn't in compute HealthCheck)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, map[string]string{
				"worlds/base.txtar": "-- compute/" + checkPath + ".json --\n" + c.world + "\n",
				"x.txtar":           onBase + c.overlay,
			})
			_, _, err := Load("x.txtar", Options{})
			if err == nil || err.Error() != c.want {
				t.Errorf("error\n got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAfterLiesOnTheScenariosWorld(t *testing.T) {
	s := over(t, onBase+`deny: [compute.firewalls.list]
-- compute/`+checkPath+`.json --
{"httpHealthCheck": {"port": 8080}}
-- after/scenario.yaml --
remove: [kubernetes/main/Service/shop/web]
-- after/compute/`+checkPath+`.json --
{"httpHealthCheck": {"requestPath": null}}
-- after/responses.yaml --
- {pod: shop/*, port: 81, status: 204}
`)
	if diff := cmp.Diff(map[string]any{"port": 8080.0, "requestPath": "/healthz"}, fields(t, s.World.Compute[checkPath])["httpHealthCheck"]); diff != "" {
		t.Errorf("before: %s", diff)
	}
	if diff := cmp.Diff(map[string]any{"port": 8080.0}, fields(t, s.After.Compute[checkPath])["httpHealthCheck"]); diff != "" {
		t.Errorf("after: %s", diff)
	}
	if len(s.World.Kubernetes["main"]) != 2 || len(s.After.Kubernetes["main"]) != 1 {
		t.Errorf("objects before %v, after %v", names(s.World.Kubernetes["main"]), names(s.After.Kubernetes["main"]))
	}
	if s.World.Responses[0].Port != 80 || s.After.Responses[0].Port != 81 {
		t.Errorf("responses before %v, after %v", s.World.Responses, s.After.Responses)
	}
	if diff := cmp.Diff(s.World.Deny, s.After.Deny); diff != "" {
		t.Error(diff)
	}
	s.After.Kubernetes["main"][0].SetName("changed")
	if got := names(s.World.Kubernetes["main"]); got[1] != "v1 Namespace /shop" {
		t.Errorf("world and after share objects: %v", got)
	}
}

func TestTheHeaderOfAfterOnlyRemoves(t *testing.T) {
	refused(t, head+"-- after/scenario.yaml --\nremove: []\nnow: 2026-11-16T10:00:00Z\n",
		"x.txtar:7: after/scenario.yaml: unknown field \"now\" (now isn't in scenario.yaml of after/ or a patch, where only `remove` has a meaning)")
	refused(t, head+"-- after/scenario.yaml --\nremove:\n- dns.yaml\n", "x.txtar:7: after/scenario.yaml: there is no dns.yaml to remove")
}

func TestAWorldOnAWorld(t *testing.T) {
	write(t, map[string]string{
		"x.txtar":                    strings.Replace(onBase, "world: base", "world: upper", 1),
		"worlds/base.txtar":          base,
		"worlds/upper/scenario.yaml": "version: 1\nworld: base\ntitle: Upper\nremove: [dns.yaml]\n",
	})
	s, _, err := Load("x.txtar", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Title != "Upper" || s.Project != "base-project" || s.World.DNS != nil || len(s.World.Compute) != 4 {
		t.Errorf("scenario is %+v", s)
	}
	write(t, map[string]string{"x.txtar": onBase, "worlds/base/scenario.yaml": "version: 1\nworld: base\n"})
	_, _, err = Load("x.txtar", Options{})
	if want := `worlds/base/scenario.yaml:2: world "base" stands on itself`; err == nil || err.Error() != want {
		t.Errorf("error\n got %v\nwant %s", err, want)
	}
}
