package kubetest_test

import (
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"plumbline/internal/app"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/signal"
)

// diagnosesAreHealthy runs all of Plumbline on this cluster, Google's side being the
// world's: the service account lets it read enough to say that all is well.
func (c *cluster) diagnosesAreHealthy(t *testing.T) {
	for _, d := range c.diagnose(t, reader) {
		if d.Verdict != engine.Healthy || len(d.Gaps) > 0 {
			t.Errorf("%s: %s, gaps %v, root causes %v, want healthy without gaps", d.Target, d.Verdict, d.Gaps, d.Roots)
		}
	}
}

// diagnosesOfAStrangerNameTheGaps: without the role nothing is known of the cluster,
// and nothing is claimed.
func (c *cluster) diagnosesOfAStrangerNameTheGaps(t *testing.T) {
	for _, d := range c.diagnose(t, stranger) {
		if d.Verdict == engine.Healthy || len(d.Roots) > 0 {
			t.Errorf("%s: %s with root causes %v although nothing was read", d.Target, d.Verdict, d.Roots)
		}
		named := map[facts.Kind]bool{}
		for _, gap := range d.Gaps {
			named[facts.Kind(gap.Needs)] = true
			if gap.Err != "403 PERMISSION_DENIED" || !facts.Kind(gap.Needs).InCluster() {
				t.Errorf("%s: the gap is %s: %s, want what RBAC refuses", d.Target, gap.Needs, gap.Err)
			}
		}
		for _, kind := range []facts.Kind{facts.Ingresses, facts.Services, facts.Pods} {
			if !named[kind] {
				t.Errorf("%s: the gaps %v don't name %s", d.Target, d.Gaps, kind)
			}
		}
	}
}

// diagnose asks about every Ingress as a person would.
func (c *cluster) diagnose(t *testing.T, user string) []engine.Diagnosis {
	t.Helper()
	cloud, err := fakecloud.Start(c.scenario.World, fakecloud.Options{Now: c.scenario.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	way := app.Fake(cloud)
	way.Kubernetes = c.way(user)
	// The cluster's objects are as old as this test. What is judged is an hour later,
	// when nothing is on its way any more.
	now := time.Now().Add(time.Hour)
	a, err := app.New(t.Context(), way, app.Options{
		Notify: &app.Terminal{W: io.Discard}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	var diagnoses []engine.Diagnosis
	for _, name := range slices.Sorted(maps.Keys(c.ofKind("Ingress"))) {
		namespace, ingress, _ := strings.Cut(name, "/")
		target := facts.Ref{Cluster: clusterName, Kind: facts.KindIngress, Namespace: namespace, Name: ingress}
		found, err := a.Service.Diagnose(t.Context(), []signal.Signal{{Kind: signal.Manual, At: now, Target: target}})
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %d diagnoses, %v", name, len(found), err)
		}
		diagnoses = append(diagnoses, found...)
	}
	return diagnoses
}
