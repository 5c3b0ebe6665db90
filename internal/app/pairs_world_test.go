package app

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"plumbline/internal/facts"

	"plumbline/internal/scenario"
)

// resources are what a world has, as text by a name of each; logs and answers of pods
// aside.
func resources(t *testing.T, w *scenario.World) map[string]string {
	t.Helper()
	all := map[string]string{}
	put := func(key string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all[key] = string(text)
	}
	for k, v := range w.Clusters {
		put("cluster "+k, v)
	}
	for k, v := range w.Operations {
		put("operation "+k, v)
	}
	for what, raws := range map[string]map[string]json.RawMessage{"certificate ": w.Certificates, "compute ": w.Compute, "endpoints ": w.Endpoints, "firewalls ": w.EffectiveFirewalls} {
		for k, v := range raws {
			put(what+k, v)
		}
	}
	for k, v := range w.Health {
		put("health "+k, v)
	}
	for k, v := range w.DNS {
		put("dns "+k, v)
	}
	for cluster, objects := range w.Kubernetes {
		for _, o := range objects {
			put("kubernetes "+cluster+" "+objectKey(o), o)
		}
	}
	return all
}

func objectKey(o *unstructured.Unstructured) string {
	return o.GroupVersionKind().GroupKind().String() + " " + o.GetNamespace() + "/" + o.GetName()
}

// world is the healthy one with what both faults change.
func (p faultPair) world(t *testing.T) *scenario.World {
	t.Helper()
	w := p.healthy.Clone()
	for _, f := range []fault{p.a, p.b} {
		apply(f, "cluster ", w.Clusters, f.World.Clusters)
		apply(f, "operation ", w.Operations, f.World.Operations)
		apply(f, "certificate ", w.Certificates, f.World.Certificates)
		apply(f, "compute ", w.Compute, f.World.Compute)
		apply(f, "endpoints ", w.Endpoints, f.World.Endpoints)
		apply(f, "firewalls ", w.EffectiveFirewalls, f.World.EffectiveFirewalls)
		apply(f, "health ", w.Health, f.World.Health)
		if w.DNS == nil {
			w.DNS = map[string]scenario.DNSRecord{}
		}
		apply(f, "dns ", w.DNS, f.World.DNS)
		for _, cluster := range slices.Collect(maps.Keys(f.World.Kubernetes)) {
			w.Kubernetes[cluster] = f.objects(cluster, w.Kubernetes[cluster])
		}
	}
	w.Logs = slices.Concat(p.a.World.Logs, p.b.World.Logs)
	w.Responses = slices.Concat(p.a.answers(), p.b.answers())
	return w
}

// apply takes over what a fault changed, and takes away what it removed.
func apply[V any](f fault, what string, to, from map[string]V) {
	for key := range f.changed {
		name, ok := strings.CutPrefix(key, what)
		if !ok {
			continue
		}
		if v, there := from[name]; there {
			to[name] = v
		} else {
			delete(to, name)
		}
	}
}

func (f fault) objects(cluster string, before []*unstructured.Unstructured) []*unstructured.Unstructured {
	changed := func(o *unstructured.Unstructured) bool { return f.changed["kubernetes "+cluster+" "+objectKey(o)] }
	kept := slices.DeleteFunc(slices.Clone(before), changed)
	for _, o := range f.World.Kubernetes[cluster] {
		if changed(o) {
			kept = append(kept, o)
		}
	}
	return kept
}

// answers are those of the pods of the namespaces that suffer.
func (f fault) answers() []scenario.Response {
	return slices.DeleteFunc(slices.Clone(f.World.Responses), func(r scenario.Response) bool {
		namespace, _, _ := strings.Cut(r.Pod, "/")
		return !slices.ContainsFunc(f.targets, func(target facts.Ref) bool { return target.Namespace == namespace || namespace == "*" })
	})
}
