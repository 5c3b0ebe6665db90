package collect_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"plumbline/internal/collect"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
)

// What a project has as a whole answers again shortly after, unless something
// happened since, or somebody asks again.
func TestReadsAreSharedForAShortTime(t *testing.T) {
	cloud := start(t, world(t), fakecloud.Options{Now: now()})
	var since atomic.Int64 // the reads of a diagnosis look at the clock side by side
	clock := func() time.Time { return now().Add(time.Duration(since.Add(int64(time.Millisecond)))) }
	c := collectorAt(t, cloud, clock)
	asked := func(notBefore time.Time) (project, kubernetes int) {
		t.Helper()
		before := len(cloud.Requests())
		if _, _, err := c.Collect(t.Context(), facts.Question{Now: clock(), Refs: []facts.Ref{ingress()}, NotBefore: notBefore}); err != nil {
			t.Fatal(err)
		}
		for _, r := range cloud.Requests()[before:] {
			switch {
			case slices.Contains([]string{"compute.backendServices.list", "compute.networks.getEffectiveFirewalls", "compute.instances.list"}, r.Permission):
				project++
			case r.Permission == "container.pods.list", r.Permission == "compute.backendServices.get":
				kubernetes++
			}
		}
		return project, kubernetes
	}
	happened := clock()
	for _, step := range []struct {
		name      string
		later     time.Duration
		notBefore func() time.Time
		project   int
	}{
		{"the first reads all", 0, func() time.Time { return happened }, 3},
		{"another entry of the same moment", time.Second, func() time.Time { return happened }, 0},
		{"an entry that was written since", time.Second, clock, 3},
		{"a person asks again", time.Second, clock, 3},
		{"too long after", collect.DefaultCallTimeout + time.Minute, func() time.Time { return happened }, 3},
	} {
		since.Add(int64(step.later))
		project, kubernetes := asked(step.notBefore())
		if project != step.project || kubernetes != 3 {
			t.Errorf("%s: %d of 3 reads of the project, %d of 3 of the moment; want %d and 3", step.name, project, kubernetes, step.project)
		}
	}
}
