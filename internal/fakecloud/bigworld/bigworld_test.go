package bigworld_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"plumbline/internal/facts"
	"plumbline/internal/fakecloud/bigworld"
	"plumbline/internal/glbc"
	"plumbline/internal/scenario"
)

func TestPodsAreAsLongAsRealOnes(t *testing.T) {
	t.Parallel()
	w := bigworld.World(20, 10)
	pods, names := 0, map[string]bool{}
	for _, o := range w.Kubernetes["main"] {
		key := o.GetKind() + "/" + o.GetNamespace() + "/" + o.GetName()
		if names[key] {
			t.Errorf("%s is there twice", key)
		}
		names[key] = true
		if o.GetKind() != "Pod" {
			continue
		}
		pods++
		body, err := json.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) < 6_000 || len(o.GetManagedFields()) < 3 {
			t.Fatalf("%s has %d bytes", key, len(body))
		}
	}
	if pods != 200 {
		t.Errorf("%d pods, want 200", pods)
	}
}

// The format's loader decodes everything strictly into the vendors' types: a world
// that it takes has no field that an API doesn't.
func TestTheWorldIsOneOfTheFormat(t *testing.T) {
	t.Parallel()
	w := bigworld.World(2, 4)
	loaded, warnings, err := scenario.LoadFS(asScenario(t, w), ".", scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range warnings {
		t.Error(warning)
	}
	if got, want := len(loaded.World.Compute), len(w.Compute); got != want {
		t.Errorf("%d resources, want %d", got, want)
	}
	if got, want := len(loaded.World.Kubernetes["main"]), len(w.Kubernetes["main"]); got != want {
		t.Errorf("%d objects, want %d", got, want)
	}
}

func asScenario(t *testing.T, w *scenario.World) *zip.Reader {
	t.Helper()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	put := func(name string, body any) {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	target := bigworld.Target(1)
	put("scenario.yaml", map[string]any{
		"version": 1, "title": "generated", "now": bigworld.Now(), "project": w.Project,
		"target": map[string]string{"cluster": target.Cluster, "kind": target.Kind, "namespace": target.Namespace, "name": target.Name},
	})
	for name, cluster := range w.Clusters {
		put("container/"+name+".json", cluster)
	}
	for path, resource := range w.Compute {
		put("compute/"+path+".json", resource)
	}
	for path, health := range w.Health {
		put("compute/"+path+"/health.json", health)
	}
	for path, endpoints := range w.Endpoints {
		put("compute/"+path+"/endpoints.json", endpoints)
	}
	for i, o := range w.Kubernetes["main"] {
		put(fmt.Sprintf("kubernetes/main/%d.yaml", i), o.Object)
	}
	put("responses.yaml", w.Responses)
	put("dns.yaml", w.DNS)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The names are the controllers': those of the model, and for a namesake of the
// world external-neg those that stand there.
func TestNamesAreTheControllers(t *testing.T) {
	t.Parallel()
	w := bigworld.World(11, 1)
	target := bigworld.Target(10)
	name := glbc.NEGName("3f1c9a7e5b2d4f60", target.Namespace, "web-010", 80)
	for _, path := range []string{"global/backendServices/", "global/healthChecks/", "zones/europe-west1-b/networkEndpointGroups/", "zones/europe-west1-c/networkEndpointGroups/"} {
		if _, ok := w.Compute["projects/shop-prod/"+path+name]; !ok {
			t.Errorf("no %s%s", path, name)
		}
	}
	if target.Namespace != "team-01" || target.Kind != facts.KindIngress {
		t.Errorf("target = %v", target)
	}
	for path := range w.Compute {
		if i := strings.Index(path, "k8s2-"); i >= 0 && !strings.HasPrefix(path[i+len("k8s2-xx-"):], "ma0ofpm6-team-0") {
			t.Errorf("%s isn't of this cluster", path)
		}
	}
}
