package scenario

import (
	"testing"
)

func TestHeaderErrors(t *testing.T) {
	const target = "target: {cluster: projects/p/locations/l/clusters/c, kind: Ingress, namespace: shop, name: web}\n"
	const start = "-- scenario.yaml --\nversion: 1\nnow: 2026-11-16T09:00:00Z\n"
	for name, c := range map[string]struct{ archive, want string }{
		"not an archive":        {"version: 1\n", "x.txtar: holds no files: a scenario is a txtar archive (files start with a line `-- NAME --`) or a directory"},
		"no header":             {trigger, "x.txtar: has no scenario.yaml"},
		"a file twice":          {head + trigger + trigger, "x.txtar:7: trigger.jsonl: the archive has this file twice; the other starts at line 6"},
		"a name outside":        {head + "-- ../x --\n", "x.txtar:5: ../x: isn't a relative, clean file name with slashes"},
		"unknown key":           {start + target + "titel: x\n", `x.txtar:5: scenario.yaml: unknown field "titel" (titel isn't in scenario.yaml)`},
		"unknown key below":     {start + target + "expect:\n  verdict: healthy\n  certainty: x\n", `x.txtar:7: scenario.yaml: unknown field "certainty" (expect.certainty isn't in scenario.yaml)`},
		"key in a flow mapping": {start + "target: {kind: Ingress,\n  nam: x}\n", `x.txtar:5: scenario.yaml: unknown field "nam" (target.nam isn't in scenario.yaml)`},
		"key twice":             {start + target + "now: 2026-11-16T09:00:00Z\n", `x.txtar:5: scenario.yaml: key "now" is there twice`},
		"wrong type":            {start + target + "deny: compute.firewalls.list\n", `x.txtar:5: scenario.yaml: field "deny" of scenario.yaml: a string doesn't fit, it is []string`},
		"bad YAML":              {start + target + "title: a: b\n", "x.txtar:5: scenario.yaml: not YAML: mapping values are not allowed in this context"},
		"two documents":         {start + target + "---\ntitle: x\n", "x.txtar:1: scenario.yaml: holds several YAML documents; one is expected"},
		"no version":            {"-- scenario.yaml --\nnow: 2026-11-16T09:00:00Z\n" + target, "x.txtar:2: scenario.yaml: version is missing; this reader knows version 1"},
		"another version":       {"-- scenario.yaml --\nnow: 2026-11-16T09:00:00Z\nversion: 2\n" + target, "x.txtar:3: scenario.yaml: version is 2; this reader knows version 1"},
		"no now":                {"-- scenario.yaml --\nversion: 1\n" + target, "x.txtar:2: scenario.yaml: now is missing: the moment that everything is judged at"},
		"now without zone":      {"-- scenario.yaml --\nversion: 1\n" + target + "now: 2026-11-16\n", `x.txtar:4: scenario.yaml: now is "2026-11-16"; a moment like 2021-09-28T00:36:18Z is expected`},
		"neither":               {start, "x.txtar:2: scenario.yaml: neither trigger nor target: give trigger.jsonl with the log entries that arrive, or target for a manual run"},
		"both":                  {start + target + "trigger: trigger.jsonl\n" + trigger, "x.txtar:5: scenario.yaml: target and trigger are both given: a scenario is a manual run or starts from entries"},
		"no entries":            {start + "-- trigger.jsonl --\n\n", "x.txtar:2: scenario.yaml: trigger.jsonl has no entry"},
		"trigger missing":       {start + "trigger: other.jsonl\n", `x.txtar:4: scenario.yaml: trigger names "other.jsonl", which isn't here`},
		"world missing": {
			start + target + "world: nope\n",
			`x.txtar:5: scenario.yaml: no world "nope": there is no worlds/nope.txtar or worlds/nope/ (or testdata/worlds/…) in the folders around the scenario, none under ./testdata, none built in`,
		},
		"world outside":     {start + target + "world: ../x\n", `x.txtar:5: scenario.yaml: world is "../x"; the name of a world, testdata/worlds/NAME, is expected`},
		"target kind":       {start + "target:\n  cluster: projects/p/locations/l/clusters/c\n  kind: Pod\n", `x.txtar:6: scenario.yaml: kind is "Pod"; it can be Ingress, Gateway, Service, Cluster, and outside any cluster BackendService, Certificate`},
		"target name":       {start + "target: {cluster: projects/p/locations/l/clusters/c, kind: Service, namespace: shop}\n", "x.txtar:4: scenario.yaml: a target of kind Service needs name"},
		"target cluster":    {start + "target:\n  kind: Ingress\n  cluster: main\n", `x.txtar:6: scenario.yaml: cluster is "main"; projects/P/locations/L/clusters/C is expected`},
		"target scope":      {start + "target: {kind: Certificate, name: c, scope: zones/z}\n", `x.txtar:4: scenario.yaml: scope is "zones/z"; global or regions/R is expected`},
		"target of cluster": {start + "target: {kind: Cluster, cluster: projects/p/locations/l/clusters/c, name: d}\n", `x.txtar:4: scenario.yaml: name is "d", but the cluster is projects/p/locations/l/clusters/c`},
		"verdict":           {start + target + "expect:\n  verdict: broken\n", `x.txtar:6: scenario.yaml: verdict is "broken"; it can be root-cause, pending, unexplained, healthy, not-ours`},
		"confidence":        {start + target + "expect: {confidence: sure}\n", `x.txtar:5: scenario.yaml: confidence is "sure"; it can be proven, likely, possible`},
		"root cause":        {start + target + "expect:\n  rootCauses:\n  - control/x\n  - addon-off\n", `x.txtar:8: scenario.yaml: "addon-off" isn't the ID of a cause, layer/cause`},
		"subject":           {start + target + "expect: {subject: main}\n", `x.txtar:5: scenario.yaml: subject is "main"; Kind/name or Kind/namespace/name is expected`},
		"expectAfter":       {start + target + "expectAfter: {verdict: healthy}\n", "x.txtar:5: scenario.yaml: expectAfter is given, but there is no after/"},
		"permission":        {start + target + "deny:\n- compute.firewalls.list\n- firewalls\n", `x.txtar:7: scenario.yaml: "firewalls" isn't an IAM permission like compute.firewalls.get`},
		"permission shape":  {start + target + "deny: [compute.firewalls]\n", `x.txtar:5: scenario.yaml: "compute.firewalls" isn't an IAM permission like compute.firewalls.get`},
		"service":           {start + target + "fail:\n  compte.firewalls.list: 503\n", `x.txtar:6: scenario.yaml: "compte.firewalls.list" isn't an IAM permission: there is no service "compte"; the nearest is compute.firewalls.list`},
		"unreachable":       {start + target + "unreachable:\n- zones/z\n- us-central1\n", `x.txtar:7: scenario.yaml: "us-central1" isn't a scope; zones/Z or regions/R is expected`},
		"status":            {start + target + "fail:\n  compute.firewalls.list: 200\n", "x.txtar:6: scenario.yaml: compute.firewalls.list fails with 200; an HTTP status of 400 to 599 is expected"},
		"control plane":     {start + target + "unavailable: [main]\n", `x.txtar:5: scenario.yaml: "main" isn't a control plane; kubernetes/CLUSTER is expected`},
		"removing nothing":  {start + target + "remove:\n- compute/projects/p/global/firewalls/f\n", "x.txtar:6: scenario.yaml: there is no compute/projects/p/global/firewalls/f to remove"},
		"want isn't JSON":   {start + target + "-- want.slack.json --\n{\n", "x.txtar:5: want.slack.json: not JSON"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.archive, c.want) })
	}
}

func TestUnknownFiles(t *testing.T) {
	for path, why := range map[string]string{
		"README.md":   "the format has no such name",
		"other.jsonl": "the format has no such name",
		"container/projects/p/zones/z/clusters/c.json":                  "clusters are container/projects/P/locations/L/clusters/C.json, GKE's operations …/L/operations/O.json",
		"container/projects/p/locations/l/clusters/c.yml":               "clusters are container/projects/P/locations/L/clusters/C.json, GKE's operations …/L/operations/O.json",
		"compute/projects/p/firewalls/f.json":                           "Compute resources are compute/projects/P/{global,regions/R,zones/Z}/COLLECTION/N.json",
		"compute/projects/p/global/firewals/f.json":                     `Compute has no collection "firewals", or this format doesn't know it`,
		"compute/projects/p/zones/z/firewalls/f.json":                   "firewalls don't exist in zones/z",
		"compute/projects/p/global/firewalls/f/x.json":                  "under a resource there is backendServices/N/health.json, networkEndpointGroups/N/endpoints.json and networks/N/effectiveFirewalls.json",
		"compute/projects/p/global/urlMaps/u/health.json":               "under a resource there is backendServices/N/health.json, networkEndpointGroups/N/endpoints.json and networks/N/effectiveFirewalls.json",
		"compute/projects/p/global/projects/p.json":                     `Compute has no collection "projects", or this format doesn't know it`,
		"certificatemanager/projects/p/locations/l/trustConfigs/t.json": "Certificate Manager's resources are certificatemanager/projects/P/locations/L/certificates/C.json, …/certificateMaps/M.json and …/certificateMaps/M/certificateMapEntries/E.json",
		"kubernetes/main/deep/x.yaml":                                   "manifests are kubernetes/CLUSTER/*.yaml",
		"kubernetes/main/x.json":                                        "manifests are kubernetes/CLUSTER/*.yaml",
		"logging/x.json":                                                "history is logging/*.jsonl",
	} {
		t.Run(path, func(t *testing.T) {
			refused(t, head+"-- "+path+" --\n{}\n", "x.txtar:5: "+path+": unknown file: "+why)
		})
	}
	for _, path := range []string{"after/want.txt", "after/timeline.yaml"} {
		t.Run(path, func(t *testing.T) {
			refused(t, head+"-- "+path+" --\n{}\n", "x.txtar:5: "+path+": unknown file: after/ holds no "+path[len("after/"):])
		})
	}
}
