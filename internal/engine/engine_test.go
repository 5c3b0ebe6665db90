package engine

import (
	"math/rand/v2"
	"testing"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

func ref(kind, name string) facts.Ref {
	return facts.Ref{Cluster: "projects/p/locations/l/clusters/main", Kind: kind, Namespace: "shop", Name: name}
}

func TestRank(t *testing.T) {
	target := ref(facts.KindIngress, "web")
	finding := func(id cause.ID, c cause.Confidence, subject facts.Ref) cause.Finding {
		return cause.Finding{Cause: id, Confidence: c, Subject: subject}
	}
	inOrder := []cause.Finding{
		finding("health/z", cause.Proven, target),
		finding("control/a", cause.Proven, ref(facts.KindService, "a")),
		finding("gateway/b", cause.Proven, ref(facts.KindService, "a")),
		finding("ingress/c", cause.Proven, ref(facts.KindService, "a")),
		finding("health/a", cause.Proven, ref(facts.KindService, "a")),
		finding("health/a", cause.Proven, ref(facts.KindService, "b")),
		finding("health/b", cause.Proven, ref(facts.KindService, "a")),
		finding("control/a", cause.Likely, ref(facts.KindService, "b")),
		finding("workload/a", cause.Possible, target),
	}
	for range 50 {
		shuffled := append([]cause.Finding{}, inOrder...)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		roots, _ := Rank(target, shuffled)
		if len(roots) != len(inOrder) {
			t.Fatalf("%d roots, want %d", len(roots), len(inOrder))
		}
		for i, r := range roots {
			if r.Cause != inOrder[i].Cause || r.Subject != inOrder[i].Subject {
				t.Fatalf("place %d is %s on %s, want %s on %s", i, r.Cause, r.Subject, inOrder[i].Cause, inOrder[i].Subject)
			}
		}
	}
}

func TestRankFolds(t *testing.T) {
	target := ref(facts.KindIngress, "web")
	deep := cause.Finding{Cause: "control/a", Confidence: cause.Proven, Subject: ref(facts.KindCluster, "main"), Explains: []cause.ID{"ingress/b"}}
	shallow := cause.Finding{Cause: "ingress/b", Confidence: cause.Proven, Subject: target}
	roots, explained := Rank(target, []cause.Finding{shallow, deep})
	if len(roots) != 1 || roots[0].Cause != "control/a" || explained["ingress/b"] != "control/a" {
		t.Errorf("roots %v, explained %v", roots, explained)
	}
	deep.Confidence = cause.Likely
	if roots, _ = Rank(target, []cause.Finding{shallow, deep}); len(roots) != 2 {
		t.Error("a likely cause explained a proven one away")
	}
}

func TestRunKeepsGoingWhenACausePanics(t *testing.T) {
	causes := []cause.Cause{
		{ID: "a/panics", Check: func(cause.Case) cause.Outcome { panic("nil map") }},
		{ID: "a/finds", Explains: []cause.ID{cause.BackendUnhealthy}, Check: func(cause.Case) cause.Outcome {
			return cause.Outcome{Findings: []cause.Finding{{Confidence: cause.Likely}}}
		}},
		{ID: "a/refutes", Check: func(cause.Case) cause.Outcome { return cause.Outcome{RuledOut: "the port answers"} }},
	}
	findings, rest := Run(causes, cause.Case{Facts: &facts.Snapshot{}})
	if len(findings) != 1 || findings[0].Cause != "a/finds" || len(findings[0].Explains) != 1 {
		t.Errorf("findings %v", findings)
	}
	if len(rest.ruledOut) != 1 || rest.ruledOut[0].ID != "a/refutes" {
		t.Errorf("ruled out %v", rest.ruledOut)
	}
	if len(rest.broken) != 1 || rest.broken[0].Hides[0] != "a/panics" {
		t.Errorf("broken %v", rest.broken)
	}
}

func TestGapsNameWhatTheyHide(t *testing.T) {
	causes := []cause.Cause{
		{ID: "a/kube", Needs: []facts.Kind{facts.Pods}},
		{ID: "a/compute", Needs: []facts.Kind{facts.HealthChecks}},
	}
	s := &facts.Snapshot{Gaps: []facts.Gap{{Needs: "kubernetes/main", Err: "timeout"}, {Needs: string(facts.HealthChecks), Err: "403"}}}
	gaps := gapsOf(s, causes)
	if len(gaps) != 2 || len(gaps[0].Hides) != 1 || gaps[0].Hides[0] != "a/kube" || len(gaps[1].Hides) != 1 || gaps[1].Hides[0] != "a/compute" {
		t.Errorf("gaps %+v", gaps)
	}
}
