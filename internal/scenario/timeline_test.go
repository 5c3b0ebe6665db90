package scenario

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const incident = arrival + mainCluster + `-- timeline.yaml --
steps:
- {at: 0s, deliver: trigger.jsonl, say: opened}
- at: 2m
  patch: [steps/off, steps/files/compute/projects/p/global/networks/n.json]
  deliver: tick
  say: quiet
- {at: 2026-11-16T09:45:00Z, patch: [steps/on/], deliver: steps/on.jsonl, say: resolved}
-- trigger.jsonl --
{"insertId":"first"}
-- logging/a.jsonl --
{"insertId":"old"}
-- steps/off/container/projects/shop-prod/locations/europe-west1/clusters/main.json --
{"description": "off"}
-- steps/off/kubernetes/main/x.yaml --
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
-- steps/files/compute/projects/p/global/networks/n.json --
{}
-- steps/on/scenario.yaml --
remove: [kubernetes/main/Namespace/shop]
-- steps/on/container/projects/shop-prod/locations/europe-west1/clusters/main.json --
{"location": "europe-west1"}
-- steps/on.jsonl --
{"insertId":"last"}
broken
`

func TestTimeline(t *testing.T) {
	s := loaded(t, incident)
	var got []Step
	for _, step := range s.Timeline.Steps {
		step.World, step.Entries = nil, nil
		got = append(got, step)
	}
	want := []Step{
		{Deliver: "trigger.jsonl", Say: "opened"},
		{At: 2 * time.Minute, Patch: []string{"steps/off", "steps/files/compute/projects/p/global/networks/n.json"}, Deliver: "tick", Say: "quiet"},
		{At: 45 * time.Minute, Patch: []string{"steps/on"}, Deliver: "steps/on.jsonl", Say: "resolved"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`{"insertId":"last"}`, "broken"}, texts(s.Timeline.Steps[2].Entries)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`{"insertId":"first"}`}, texts(s.Trigger)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`{"insertId":"old"}`}, texts(s.World.Logs)); diff != "" {
		t.Errorf("before anything arrived: %s", diff)
	}
}

func TestAtIsTheWorldOfAStep(t *testing.T) {
	s := loaded(t, incident)
	for step, want := range []struct {
		description string
		networks    int
		objects     int
		logs        []string
	}{
		{"", 0, 0, []string{`{"insertId":"old"}`, `{"insertId":"first"}`}},
		{"off", 1, 1, []string{`{"insertId":"old"}`, `{"insertId":"first"}`}},
		{"off", 1, 0, []string{`{"insertId":"old"}`, `{"insertId":"first"}`, `{"insertId":"last"}`}},
	} {
		w, err := s.At(step)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Clusters[clusterPath].Description; got != want.description {
			t.Errorf("step %d: description is %q, want %q", step, got, want.description)
		}
		if len(w.Compute) != want.networks || len(w.Kubernetes["main"]) != want.objects {
			t.Errorf("step %d: %d networks, %d objects", step, len(w.Compute), len(w.Kubernetes["main"]))
		}
		if diff := cmp.Diff(want.logs, texts(w.Logs)); diff != "" {
			t.Errorf("step %d: %s", step, diff)
		}
	}
	w, _ := s.At(1)
	w.Clusters[clusterPath].Description = "changed"
	if again, _ := s.At(1); again.Clusters[clusterPath].Description != "off" {
		t.Error("At hands out the same world twice")
	}
}

func TestAtWithoutStep(t *testing.T) {
	s := loaded(t, incident)
	for _, step := range []int{-1, 3} {
		if _, err := s.At(step); err == nil {
			t.Errorf("step %d is there", step)
		}
	}
	if _, err := loaded(t, head).At(0); err == nil || err.Error() != "x.txtar has no timeline" {
		t.Errorf("error is %v", err)
	}
}

func TestATimelineAsAList(t *testing.T) {
	s := loaded(t, arrival+"-- timeline.yaml --\n- {at: 1m, deliver: sweep}\n")
	if len(s.Timeline.Steps) != 1 || s.Timeline.Steps[0].At != time.Minute {
		t.Errorf("steps are %+v", s.Timeline.Steps)
	}
}

func TestTimelineErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":      {"steps:\n- at: 0s\n  wait: 1m\n", `7: timeline.yaml: unknown field "wait" (steps[0].wait isn't in timeline.yaml)`},
		"in a list":        {"- at: 0s\n- att: 0s\n", `6: timeline.yaml: unknown field "att" ([1].att isn't in timeline.yaml)`},
		"no steps":         {"steps: []\n", "5: timeline.yaml: timeline without steps"},
		"at":               {"steps:\n- {at: soon}\n", `6: timeline.yaml: at is "soon"; an offset from now like 2m, or a moment not before it, is expected`},
		"before now":       {"steps:\n- {at: 2026-11-16T08:59:00Z}\n", `6: timeline.yaml: at is "2026-11-16T08:59:00Z"; an offset from now like 2m, or a moment not before it, is expected`},
		"back in time":     {"steps:\n- at: 2m\n- at: 1m\n", `7: timeline.yaml: at is "1m", which is before the step above`},
		"deliver":          {"steps:\n- {at: 0s, deliver: tock}\n", `6: timeline.yaml: deliver is "tock"; it can be tick, sweep, click, a .jsonl file`},
		"deliver nothing":  {"steps:\n- {at: 0s, deliver: x.jsonl}\n", `6: timeline.yaml: deliver names "x.jsonl", which isn't here`},
		"patch nothing":    {"steps:\n- at: 0s\n  patch:\n  - steps/1\n", `8: timeline.yaml: patch "steps/1" names no folder and no file here`},
		"no such patch":    {"steps:\n- {at: 0s}\n-- steps/1/dns.yaml --\n", "7: steps/1/dns.yaml: unknown file: the format has no such name"},
		"file of a patch":  {"steps:\n- {at: 0s, patch: [s]}\n-- s/want.txt --\n", "7: s/want.txt: unknown file: a patch holds no want.txt"},
		"patch, bad field": {"steps:\n- {at: 0s, patch: [s]}\n-- s/compute/projects/p/global/networks/n.json --\n{\n\"nam\": \"n\"}\n", `9: s/compute/projects/p/global/networks/n.json: unknown field "nam" (nam isn't in compute Network)`},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, arrival+"-- timeline.yaml --\n"+c.text, "x.txtar:"+c.want)
		})
	}
}
