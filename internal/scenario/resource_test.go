package scenario

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const clusterFile = "-- container/projects/shop-prod/locations/europe-west1/clusters/main.json --\n"

func fields(t *testing.T, raw json.RawMessage) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestComputeIsFilledInFromThePath(t *testing.T) {
	const neg = "projects/shop-prod/zones/europe-west1-b/networkEndpointGroups/k8s1-5f0c"
	const rule = "projects/shop-prod/regions/europe-west1/forwardingRules/fr"
	const check = "projects/shop-prod/global/healthChecks/h"
	const legacy = "projects/shop-prod/global/httpHealthChecks/old"
	archive := head + "-- compute/" + neg + ".json --\n{}\n-- compute/" + rule + ".json --\n{}\n-- compute/" + check +
		".json --\n{\"id\": \"77\", \"selfLink\": \"https://compute.googleapis.com/compute/v1/" + check + "\", \"name\": \"h\"}\n" +
		"-- compute/" + legacy + ".json --\n{\"anything\": 1}\n"
	s := loaded(t, archive)
	negFields := fields(t, s.World.Compute[neg])
	id, _ := negFields["id"].(string)
	if id == "" || id == "0" {
		t.Errorf("id is %v", negFields["id"])
	}
	for path, want := range map[string]map[string]any{
		neg: {
			"name": "k8s1-5f0c", "kind": "compute#networkEndpointGroup", "selfLink": computeURL + neg,
			"zone": computeURL + "projects/shop-prod/zones/europe-west1-b", "id": id,
		},
		rule: {
			"name": "fr", "kind": "compute#forwardingRule", "selfLink": computeURL + rule,
			"region": computeURL + "projects/shop-prod/regions/europe-west1", "id": fields(t, s.World.Compute[rule])["id"],
		},
		check: {
			"name": "h", "kind": "compute#healthCheck", "id": "77", "selfLink": "https://compute.googleapis.com/compute/v1/" + check,
		},
		legacy: {
			"name": "old", "kind": "compute#httpHealthCheck", "selfLink": computeURL + legacy, "anything": 1.0,
			"id": fields(t, s.World.Compute[legacy])["id"],
		},
	} {
		if diff := cmp.Diff(want, fields(t, s.World.Compute[path])); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	if again := fields(t, loaded(t, archive).World.Compute[neg])["id"]; again != id {
		t.Errorf("id is %v, then %v", id, again)
	}
}

func TestEveryCollectionDecodes(t *testing.T) {
	scope := map[byte]string{'g': "global", 'r': "regions/r", 'z': "zones/z"}
	archive, n := head, 0
	for _, name := range sortedKeys(collections) {
		for _, c := range []byte(collections[name].scopes) {
			archive += "-- compute/projects/p/" + scope[c] + "/" + name + "/x.json --\n{}\n"
			n++
		}
	}
	if got := len(loaded(t, archive).World.Compute); got != n {
		t.Errorf("%d resources, want %d", got, n)
	}
}

func TestClusterIsFilledInFromThePath(t *testing.T) {
	s := loaded(t, head+clusterFile+`{"addonsConfig": {"httpLoadBalancing": {}}, "initialNodeCount": 3}`+"\n")
	c := s.World.Clusters["projects/shop-prod/locations/europe-west1/clusters/main"]
	if c == nil {
		t.Fatalf("clusters are %v", s.World.Clusters)
	}
	got := []string{c.Name, c.Location, c.SelfLink}
	want := []string{"main", "europe-west1", "https://container.googleapis.com/v1/projects/shop-prod/locations/europe-west1/clusters/main"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c.AddonsConfig.HttpLoadBalancing == nil || c.InitialNodeCount != 3 {
		t.Errorf("the cluster lost fields: %+v", c)
	}
}

func TestAnswersOfTheAPIs(t *testing.T) {
	const service, group = "projects/shop-prod/global/backendServices/b", "projects/shop-prod/zones/z/networkEndpointGroups/g"
	const network = "projects/shop-prod/global/networks/default"
	s := loaded(t, head+"-- compute/"+service+".json --\n{}\n-- compute/"+service+`/health.json --
{"zones/z/networkEndpointGroups/g": [{"ipAddress": "10.8.0.7", "healthState": "UNHEALTHY"}],
 "https://www.googleapis.com/compute/v1/projects/shop-prod/zones/z/instanceGroups/i": []}
-- compute/`+group+".json --\n{}\n-- compute/"+group+`/endpoints.json --
[{"networkEndpoint": {"ipAddress": "10.8.0.7", "port": 8080}, "healths": []}]
-- compute/`+network+".json --\n{}\n-- compute/"+network+`/effectiveFirewalls.json --
{"firewalls": [{"name": "f"}]}
`)
	health := s.World.Health[service]
	if got := sortedKeys(health); !cmp.Equal(got, []string{"zones/z/instanceGroups/i", "zones/z/networkEndpointGroups/g"}) {
		t.Errorf("groups are %v", got)
	}
	if got := string(health["zones/z/networkEndpointGroups/g"]); got != `[{"ipAddress": "10.8.0.7", "healthState": "UNHEALTHY"}]` {
		t.Errorf("health is %s", got)
	}
	if got := string(s.World.Endpoints[group]); got != `[{"networkEndpoint": {"ipAddress": "10.8.0.7", "port": 8080}, "healths": []}]`+"\n" {
		t.Errorf("endpoints are %q", got)
	}
	if got := string(s.World.EffectiveFirewalls[network]); got != `{"firewalls": [{"name": "f"}]}`+"\n" {
		t.Errorf("firewalls are %q", got)
	}
}

func TestResourceErrors(t *testing.T) {
	const hc = "compute/projects/p/global/healthChecks/h.json"
	const health = "compute/projects/p/global/backendServices/b/health.json"
	const endpoints = "compute/projects/p/zones/z/networkEndpointGroups/g/endpoints.json"
	const cluster = "container/projects/p/locations/l/clusters/c.json"
	for name, c := range map[string]struct{ file, text, want string }{
		"unknown field below":    {hc, "{\n  \"httpHealthCheck\": {\n    \"requestPth\": \"/\"\n  }\n}", `:8: ` + hc + `: unknown field "requestPth" (httpHealthCheck.requestPth isn't in compute HealthCheck)`},
		"in an array":            {"compute/projects/p/global/firewalls/f.json", "{\"allowed\": [\n {\"IPProtocol\": \"tcp\"},\n {\"prts\": []}]}", `:8: compute/projects/p/global/firewalls/f.json: unknown field "prts" (allowed[1].prts isn't in compute Firewall)`},
		"after é and 日本":         {hc, "{\"description\": \"é 日本\",\n \"nam\": \"h\"}", `:7: ` + hc + `: unknown field "nam" (nam isn't in compute HealthCheck)`},
		"wrong type":             {hc, "{\n\"timeoutSec\":\n \"five\"}", `:7: ` + hc + `: field "timeoutSec" of compute HealthCheck: invalid value for int32 field timeoutSec: "five"`},
		"bad JSON":               {hc, "{\n\"name\": \"h\",\n}", `:8: ` + hc + `: not JSON: invalid character '}' looking for beginning of object key string`},
		"a second value":         {hc, "{}\n{}", `:7: ` + hc + `: not JSON: invalid character '{' after top-level value`},
		"a key twice":            {hc, "{\"tcpHealthCheck\": {\"port\": 1,\n \"port\": 2}}", `:7: ` + hc + `: key "tcpHealthCheck.port" is there twice`},
		"an array":               {hc, "[]", `:6: ` + hc + `: not a JSON object`},
		"another name":           {hc, "{\n\"name\": \"other\"}", `:7: ` + hc + `: name is "other", but the path of the file says "h"`},
		"cluster, unknown field": {cluster, "{\"addonsConfig\":\n {\"httpLoadBalancing\":\n {\"enabled\": true}}}", `:8: ` + cluster + `: unknown field "enabled" (addonsConfig.httpLoadBalancing.enabled isn't in container Cluster)`},
		"cluster, wrong case":    {cluster, "{\n\"AddonsConfig\": {}}", `:7: ` + cluster + `: unknown field "AddonsConfig" (AddonsConfig isn't in container Cluster)`},
		"cluster, in an array":   {cluster, "{\"nodePools\": [{},\n{\"nam\": \"x\"}]}", `:7: ` + cluster + `: unknown field "nam" (nodePools[1].nam isn't in container Cluster)`},
		"cluster, wrong type":    {cluster, "{\"addonsConfig\": {\n\"httpLoadBalancing\": {\n\"disabled\": \"yes\"}}}", `:8: ` + cluster + `: field "addonsConfig.httpLoadBalancing.disabled" of container Cluster: a string doesn't fit, it is bool`},
		"cluster, another place": {cluster, "{\"location\": \"m\"}", `:6: ` + cluster + `: location is "m", but the path of the file says "l"`},
		"health, a group":        {health, "{\n\"g\": []}", `:7: ` + health + `: key "g" isn't a group: zones/Z/networkEndpointGroups/G or zones/Z/instanceGroups/G`},
		"health, no array":       {health, "{\n\"zones/z/networkEndpointGroups/g\": {}}", `:7: ` + health + `: an array of HealthStatus is expected`},
		"health, unknown field":  {health, "{\"zones/z/networkEndpointGroups/g\": [{},\n {\"state\": \"HEALTHY\"}]}", `:7: ` + health + `: unknown field "state" ([1].state isn't in compute HealthStatus)`},
		"health, an array":       {health, "[]", `:6: ` + health + `: not a JSON object`},
		"endpoints, an object":   {endpoints, "{}", `:6: ` + endpoints + `: an array of NetworkEndpointWithHealthStatus is expected`},
		"endpoints, unknown":     {endpoints, "[{\"networkEndpoint\": {\n\"ip\": \"10.0.0.1\"}}]", `:7: ` + endpoints + `: unknown field "ip" ([0].networkEndpoint.ip isn't in compute NetworkEndpointWithHealthStatus)`},
		"firewalls, unknown":     {"compute/projects/p/global/networks/n/effectiveFirewalls.json", "{\"rules\": []}", `:6: compute/projects/p/global/networks/n/effectiveFirewalls.json: unknown field "rules" (rules isn't in compute NetworksGetEffectiveFirewallsResponse)`},
	} {
		t.Run(name, func(t *testing.T) { refused(t, head+"-- "+c.file+" --\n"+c.text+"\n", "x.txtar"+c.want) })
	}
}

func TestLenientDropsUnknownFieldsOfResources(t *testing.T) {
	write(t, map[string]string{"x.txtar": head + `-- compute/projects/shop-prod/global/healthChecks/h.json --
{"brandNew": 1,
 "httpHealthCheck": {"port": 80, "alsoNew": [2]}}
-- compute/projects/shop-prod/zones/z/networkEndpointGroups/g.json --
{}
-- compute/projects/shop-prod/zones/z/networkEndpointGroups/g/endpoints.json --
[{"networkEndpoint": {"port": 1, "new": 1}}]
-- kubernetes/main/x.yaml --
apiVersion: v1
kind: Service
metadata: {name: s, namespace: shop}
spec:
  novel: 1
  clusterIP: 10.0.0.1
-- container/projects/shop-prod/locations/europe-west1/clusters/main.json --
{"novelty": {"a": 1}}
-- logging/a.jsonl --
{"insertId": "a", "novel": 1}
`})
	s, warnings, err := Load("x.txtar", Options{Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range warnings {
		got = append(got, w.String())
	}
	want := []string{
		`x.txtar:22: logging/a.jsonl: unknown field "novel" (novel isn't in LogEntry), dropped`,
		`x.txtar:6: compute/projects/shop-prod/global/healthChecks/h.json: unknown field "brandNew" (brandNew isn't in compute HealthCheck), dropped`,
		`x.txtar:7: compute/projects/shop-prod/global/healthChecks/h.json: unknown field "alsoNew" (httpHealthCheck.alsoNew isn't in compute HealthCheck), dropped`,
		`x.txtar:11: compute/projects/shop-prod/zones/z/networkEndpointGroups/g/endpoints.json: unknown field "new" ([0].networkEndpoint.new isn't in compute NetworkEndpointWithHealthStatus), dropped`,
		`x.txtar:20: container/projects/shop-prod/locations/europe-west1/clusters/main.json: unknown field "novelty" (novelty isn't in container Cluster), dropped`,
		`x.txtar:17: kubernetes/main/x.yaml: unknown field "novel" (spec.novel isn't in v1 Service), dropped`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	check := fields(t, s.World.Compute["projects/shop-prod/global/healthChecks/h"])
	if diff := cmp.Diff(map[string]any{"port": 80.0}, check["httpHealthCheck"]); diff != "" || check["brandNew"] != nil {
		t.Errorf("the health check is %v", check)
	}
	if got := string(s.World.Endpoints["projects/shop-prod/zones/z/networkEndpointGroups/g"]); got != `[{"networkEndpoint":{"port":1}}]` {
		t.Errorf("endpoints are %s", got)
	}
	if diff := cmp.Diff(map[string]any{"clusterIP": "10.0.0.1"}, s.World.Kubernetes["main"][0].Object["spec"]); diff != "" {
		t.Error(diff)
	}
	if got := string(s.World.Logs[0]); got != `{"insertId":"a"}` {
		t.Errorf("the log entry is %s", got)
	}
}

func TestLenientStillRefusesTheRest(t *testing.T) {
	for name, archive := range map[string]string{
		"the header":   "-- scenario.yaml --\nversion: 1\nnow: 2026-11-16T09:00:00Z\ntarget: {kind: Certificate, name: c, scope: global}\nnovel: 1\n",
		"a wrong type": head + "-- compute/projects/p/global/healthChecks/h.json --\n{\"timeoutSec\": \"x\"}\n",
		"answers":      head + "-- responses.yaml --\n- {pod: a/b, port: 1, status: 200, novel: 1}\n",
	} {
		t.Run(name, func(t *testing.T) {
			write(t, map[string]string{"x.txtar": archive})
			if _, _, err := Load("x.txtar", Options{Lenient: true}); err == nil {
				t.Error("loaded")
			}
		})
	}
}

func TestContradictionsAndOrphansAreWarnings(t *testing.T) {
	write(t, map[string]string{"x.txtar": head + `-- compute/projects/p/regions/r/addresses/a.json --
{"region": "https://www.googleapis.com/compute/v1/projects/p/regions/other"}
-- compute/projects/p/global/backendServices/b/health.json --
{}
-- kubernetes/mian/x.yaml --
{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: d}}
`})
	_, warnings, err := Load("x.txtar", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range warnings {
		got = append(got, w.String())
	}
	want := []string{
		`x.txtar:6: compute/projects/p/regions/r/addresses/a.json: region is "https://www.googleapis.com/compute/v1/projects/p/regions/other", but the path of the file says "https://www.googleapis.com/compute/v1/projects/p/regions/r"`,
		`x.txtar:10: kubernetes/mian/x.yaml: apps/v1beta1 of Deployment isn't a version this format knows: its fields weren't checked`,
		`x.txtar:8: compute/projects/p/global/backendServices/b/health.json: the world has no projects/p/global/backendServices/b that this could be about`,
		`x.txtar:10: kubernetes/mian/x.yaml: the world has no cluster "mian" that this could be in`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
