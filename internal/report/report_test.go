package report

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/history"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

const cluster = "projects/shop-prod/locations/europe-west1/clusters/main"

var noon = time.Date(2026, 11, 17, 12, 0, 0, 0, time.FixedZone("CET", 3600))

func ingress(name string) facts.Ref {
	return facts.Ref{Cluster: cluster, Kind: facts.KindIngress, Namespace: "shop", Name: name}
}

// finding has every field set.
func finding(id cause.ID) cause.Finding {
	return cause.Finding{
		Cause: id, Subject: facts.ClusterRef(cluster), Confidence: cause.Proven, Severity: cause.Outage,
		Headline: "It is off", Summary: "Nobody builds it.", Since: noon, Impact: "3 of 3 endpoints unhealthy",
		Evidence: []cause.Evidence{{Source: "container.clusters.get", Says: "disabled = true", Link: "https://console.cloud.google.com/"}},
		Contract: []cause.ContractRow{{Observer: "kubelet", Asked: "GET :8080/", Got: "200", Differs: true}},
		Explains: []cause.ID{cause.IngressNotProvisioned}, Affected: []facts.Ref{ingress("web")}, Hosts: []string{"shop.acme.example"},
		Change: &cause.Change{
			By: "dana@acme.example", Controller: true, Caller: signal.Gcloud, At: noon, Method: "google.container.v1.ClusterManager.UpdateCluster",
			What: "addonsConfig.httpLoadBalancing.disabled", From: new("false"), To: new("true"), Entry: "1f3kq9",
		},
		Suspects: []history.Suspect{suspect()},
		Fix: cause.Fix{
			Summary: "Switch it on.", Commands: []string{"gcloud container clusters update main"}, Caveat: "Terraform may undo it.",
			Patches: []cause.Patch{{File: "main.tf", YAML: "disabled = false"}},
		},
	}
}

// suspect has every field set.
func suspect() history.Suspect {
	return history.Suspect{
		Change: history.Change{
			By: "dana@acme.example", Caller: signal.ArgoCD, At: noon, Method: "io.k8s.core.v1.services.patch", Entry: "e1",
			Object: facts.Ref{Cluster: cluster, Kind: facts.KindService, Namespace: "shop", Name: "web"},
			Fields: []history.Field{{Path: "spec.ports[80].targetPort", From: new("8080"), To: new("9090"), Removed: true}},
		},
		Station: path.Service, Lead: 3 * time.Minute, Dated: true,
	}
}

// diagnosis has every field set.
func diagnosis() engine.Diagnosis {
	return engine.Diagnosis{
		Target: ingress("web"), At: noon, Verdict: engine.RootCause, Reason: "because",
		Symptoms: []cause.Symptom{{ID: cause.IngressNotProvisioned, Subject: ingress("web"), Since: noon, Says: "no address", Pending: "younger than 10 min"}},
		Roots:    []cause.Finding{finding("control/http-load-balancing-disabled")},
		Notes:    []engine.Note{{ID: "health/logging-disabled", Subject: ingress("web"), Says: "logging is off"}},
		RuledOut: []engine.RuledOut{{ID: "health/redirect", Because: "no endpoint is UNHEALTHY"}},
		Suspects: []history.Suspect{suspect()},
		Gaps:     []engine.Gap{{Needs: "compute.firewalls.list", Err: "403 PERMISSION_DENIED", Hides: []cause.ID{"network/firewall-rule-denies"}}},
		Path: path.Path{Target: ingress("web"), Hops: []path.Hop{{
			Station: path.URLMap, State: path.Broken, Says: "admin.acme.example is missing", Objects: []facts.Ref{ingress("web")},
			Differences: []path.Difference{{Object: ingress("web"), Field: "hostRules", Want: "admin.acme.example"}},
		}}},
	}
}

// object is v as a reader of the JSON gets it.
func object(t *testing.T, v any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// at walks into an object; a step into a list takes its only element.
func at(t *testing.T, o map[string]any, path ...string) map[string]any {
	t.Helper()
	for _, key := range path {
		v := o[key]
		if list, ok := v.([]any); ok && len(list) == 1 {
			v = list[0]
		}
		next, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("%s of %v is %v, want an object or a list of one", key, path, o[key])
		}
		o = next
	}
	return o
}

// TestFieldNamesAreTheContracts holds the JSON of a full report to the field names of
// scenario-format.md and to those that were added since; the contract allows adding.
func TestFieldNamesAreTheContracts(t *testing.T) {
	full := object(t, Scenario{Scenario: "a.txtar", Reports: []Report{Of(diagnosis())}, Timing: Timing{Calls: 9, Rounds: 3, ElapsedMS: 312}})
	for _, tt := range []struct{ path, contract, added []string }{
		{nil, []string{"scenario", "error", "reports", "timing"}, nil},
		{[]string{"timing"}, []string{"calls", "rounds", "elapsedMs"}, nil},
		{[]string{"reports"}, []string{"target", "verdict", "symptoms", "rootCauses", "notes", "ruledOut", "gaps"}, []string{"reason", "suspects", "path"}},
		{[]string{"reports", "path"}, nil, []string{"station", "state", "says", "objects", "differences"}},
		{[]string{"reports", "path", "differences"}, nil, []string{"object", "field", "want", "have"}},
		{[]string{"reports", "suspects"}, nil, []string{"by", "caller", "at", "object", "action", "field", "from", "to", "removed", "leadSeconds", "station", "entry"}},
		{[]string{"reports", "target"}, []string{"cluster", "kind", "namespace", "name"}, nil},
		{[]string{"reports", "symptoms"}, []string{"id", "subject", "since", "says"}, []string{"pending"}},
		{
			[]string{"reports", "rootCauses"},
			[]string{"id", "confidence", "severity", "subject", "summary", "evidence", "explains", "affected", "change", "fix"},
			[]string{"headline", "since", "contract", "hosts", "impact", "suspects"},
		},
		{[]string{"reports", "rootCauses", "evidence"}, []string{"source", "says", "link"}, nil},
		{[]string{"reports", "rootCauses", "contract"}, nil, []string{"observer", "asked", "got", "differs"}},
		{[]string{"reports", "rootCauses", "change"}, []string{"by", "at", "method", "what", "from", "to", "entry"}, []string{"controller", "caller"}},
		{[]string{"reports", "rootCauses", "fix"}, []string{"summary", "commands", "patches"}, []string{"caveat"}},
		{[]string{"reports", "rootCauses", "fix", "patches"}, []string{"file", "yaml"}, nil},
		{[]string{"reports", "notes"}, []string{"id", "subject", "says"}, nil},
		{[]string{"reports", "ruledOut"}, []string{"id", "because"}, nil},
		{[]string{"reports", "gaps"}, []string{"needs", "error", "hides"}, nil},
	} {
		want := slices.Sorted(slices.Values(slices.Concat(tt.contract, tt.added)))
		got := slices.Sorted(maps.Keys(at(t, full, tt.path...)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("fields of %v (-want +got):\n%s", tt.path, diff)
		}
	}
}

func TestValuesAreWhatTheContractShows(t *testing.T) {
	r := object(t, Of(diagnosis()))
	for _, tt := range []struct {
		path []string
		want map[string]any
	}{
		{nil, map[string]any{"verdict": "root-cause", "reason": "because"}},
		{[]string{"target"}, map[string]any{"cluster": cluster, "kind": "Ingress", "namespace": "shop", "name": "web"}},
		{[]string{"symptoms"}, map[string]any{"id": "symptom/ingress-not-provisioned", "subject": "Ingress/shop/web", "since": "2026-11-17T11:00:00Z"}},
		{[]string{"rootCauses"}, map[string]any{
			"confidence": "proven", "severity": "outage", "subject": "Cluster/main", "since": "2026-11-17T11:00:00Z",
			"explains": []any{"symptom/ingress-not-provisioned"}, "affected": []any{"Ingress/shop/web"}, "hosts": []any{"shop.acme.example"},
		}},
		{[]string{"rootCauses", "change"}, map[string]any{"from": "false", "to": "true", "controller": true}},
		{[]string{"gaps"}, map[string]any{"needs": "compute.firewalls.list", "error": "403 PERMISSION_DENIED", "hides": []any{"network/firewall-rule-denies"}}},
	} {
		o := at(t, r, tt.path...)
		for key, want := range tt.want {
			if diff := cmp.Diff(want, o[key]); diff != "" {
				t.Errorf("%s of %v (-want +got):\n%s", key, tt.path, diff)
			}
		}
	}
}

// What isn't known is an empty list or null, never a missing field of the contract.
func TestASuspectWithoutFieldsAndBeginningHasNulls(t *testing.T) {
	s := suspect()
	s.Fields, s.Deleted, s.Dated, s.Caller = nil, true, false, signal.OtherCaller
	got := at(t, object(t, Of(engine.Diagnosis{Suspects: []history.Suspect{s}})), "suspects")
	want := map[string]any{
		"by": "dana@acme.example", "caller": "other", "at": "2026-11-17T11:00:00Z", "object": "Service/shop/web", "action": "deleted", "field": "",
		"from": nil, "to": nil, "leadSeconds": nil, "station": "service", "entry": "e1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("suspect (-want +got):\n%s", diff)
	}
	s.Dated, s.Deleted, s.Fields = true, false, []history.Field{{Path: "spec.type", To: new("NodePort")}, {Path: "spec.selector.app"}}
	if rows := Of(engine.Diagnosis{Suspects: []history.Suspect{s}}).Suspects; len(rows) != 2 || *rows[0].LeadSeconds != 180 || rows[1].Field != "spec.selector.app" || rows[1].To != nil {
		t.Errorf("two fields are %+v", rows)
	}
}

func TestNothingIsSaidAsEmptyLists(t *testing.T) {
	want := map[string]any{
		"target": nil, "verdict": "not-ours", "symptoms": []any{}, "rootCauses": []any{}, "notes": []any{}, "ruledOut": []any{}, "gaps": []any{},
		"suspects": []any{}, "path": []any{},
	}
	if diff := cmp.Diff(want, object(t, NotOurs())); diff != "" {
		t.Errorf("not ours (-want +got):\n%s", diff)
	}
	bare := object(t, Of(engine.Diagnosis{
		Roots: []cause.Finding{{Cause: "control/x", Subject: facts.ClusterRef(cluster), Confidence: cause.Likely, Severity: cause.Blocked}},
		Gaps:  []engine.Gap{{Needs: "compute.firewalls.list", Err: "timeout"}},
	}))
	root := at(t, bare, "rootCauses")
	for _, key := range []string{"evidence", "explains", "affected"} {
		if diff := cmp.Diff([]any{}, root[key]); diff != "" {
			t.Errorf("%s of a bare root cause (-want +got):\n%s", key, diff)
		}
	}
	if change, ok := root["change"]; !ok || change != nil {
		t.Errorf("change of a bare root cause is %v (there: %t), want null", change, ok)
	}
	if diff := cmp.Diff([]any{}, at(t, bare, "gaps")["hides"]); diff != "" {
		t.Errorf("hides of a bare gap (-want +got):\n%s", diff)
	}
	unknown := object(t, cause.Change{By: "dana@acme.example"})
	for _, key := range []string{"from", "to"} {
		if v, ok := unknown[key]; !ok || v != nil {
			t.Errorf("%s of a change whose value isn't known is %v (there: %t), want null", key, v, ok)
		}
	}
}
