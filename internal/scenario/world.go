package scenario

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"google.golang.org/api/container/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// world decodes a tree strictly. entries are those that count as history too.
func (l *loader) world(t *tree, project string, arrived []logLine) *World {
	w := &World{
		Project: project, Clusters: map[string]*container.Cluster{}, Compute: map[string]json.RawMessage{},
		Health: map[string]map[string]json.RawMessage{}, Endpoints: map[string]json.RawMessage{}, EffectiveFirewalls: map[string]json.RawMessage{},
		Operations: map[string]*container.Operation{}, Certificates: map[string]json.RawMessage{},
		Kubernetes: map[string][]*unstructured.Unstructured{}, Responses: t.responses, DNS: t.dns,
	}
	for _, key := range t.order {
		if d, ok := t.docs[key]; ok {
			l.add(w, d)
		}
	}
	l.orphans(t, w)
	var lines []logLine
	for _, name := range sortedKeys(t.logs) {
		lines = append(lines, t.logs[name]...)
	}
	w.Logs = distinct(append(lines, arrived...))
	return w.Clone()
}

// add decodes a document once, however many worlds it is part of.
func (l *loader) add(w *World, d *document) {
	if !d.checked {
		d.checked = true
		d.built = l.decoded(d)
	}
	switch v := d.built.(type) {
	case *container.Cluster:
		w.Clusters[d.slot.path] = v
	case *container.Operation:
		w.Operations[d.slot.path] = v
	case *unstructured.Unstructured:
		w.Kubernetes[d.slot.cluster] = append(w.Kubernetes[d.slot.cluster], v)
	case map[string]json.RawMessage:
		w.Health[d.slot.path] = v
	case json.RawMessage:
		if raws := w.rawsOf(d.slot.role); raws != nil {
			raws[d.slot.path] = v
		}
	}
}

// rawsOf is where a world keeps the documents of a role as JSON.
func (w *World) rawsOf(r role) map[string]json.RawMessage {
	return map[role]map[string]json.RawMessage{
		roleResource: w.Compute, roleProject: w.Compute, roleRegion: w.Compute, roleEndpoints: w.Endpoints,
		roleFirewalls: w.EffectiveFirewalls, roleRegionFirewalls: w.EffectiveFirewalls, roleCertificates: w.Certificates,
	}[r]
}

// decoded is the document in the vendor's type, or nil.
func (l *loader) decoded(d *document) any {
	switch d.slot.role {
	case roleCluster:
		return orNil(l.gkeCluster(d))
	case roleManifest:
		return orNil(l.object(d))
	case roleHealth:
		return orNil(l.health(d))
	case roleEndpoints:
		return orNil(l.endpoints(d))
	case roleFirewalls:
		return orNil(l.effectiveFirewalls(d))
	case roleRegionFirewalls:
		return orNil(l.regionFirewalls(d))
	case roleOperation:
		return orNil(l.gkeOperation(d))
	case roleCertificates:
		return orNil(l.certificate(d))
	case roleResource, roleProject, roleRegion:
		return orNil(l.resource(d))
	case roleHeader, roleEntries, roleLog, roleResponses, roleDNS, roleWant, roleTimeline:
	}
	return nil
}

func orNil[T any](v T, ok bool) any {
	if !ok {
		return nil
	}
	return v
}

// orphans warns of answers about a resource, and of manifests of a cluster, that
// the world doesn't have: nobody will ask for them.
func (l *loader) orphans(t *tree, w *World) {
	short := map[string]bool{}
	for name := range w.Clusters {
		short[shortName(name)] = true
	}
	for _, key := range t.order {
		d := t.docs[key]
		switch {
		case d.built == nil:
		case d.slot.role == roleManifest && !short[d.slot.cluster]:
			l.warnf(d.place(""), "", "the world has no cluster %q that this could be in", d.slot.cluster)
		case d.slot.role == roleHealth, d.slot.role == roleEndpoints, d.slot.role == roleFirewalls:
			if t.docs["compute/"+d.slot.path] == nil {
				l.warnf(d.place(""), "", "the world has no %s that this could be about", d.slot.path)
			}
		}
	}
}

// onlyProject is the project of all that a tree holds; empty when there are several.
func (t *tree) onlyProject() string {
	found := map[string]bool{}
	for _, d := range t.docs {
		if p := strings.Split(d.slot.path, "/"); d.slot.role != roleManifest && len(p) > 1 {
			found[p[1]] = true
		}
	}
	if len(found) != 1 {
		return ""
	}
	return slices.Collect(maps.Keys(found))[0]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
