package scenario

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"google.golang.org/api/container/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Clone copies a world so that the copy can be modified, objects included.
func (w *World) Clone() *World {
	if w == nil {
		return nil
	}
	c := *w
	c.Clusters = make(map[string]*container.Cluster, len(w.Clusters))
	for name, cluster := range w.Clusters {
		c.Clusters[name] = throughJSON(cluster)
	}
	c.Operations = make(map[string]*container.Operation, len(w.Operations))
	for name, operation := range w.Operations {
		c.Operations[name] = throughJSON(operation)
	}
	c.Certificates = cloneRaws(w.Certificates)
	c.Compute, c.Endpoints, c.EffectiveFirewalls = cloneRaws(w.Compute), cloneRaws(w.Endpoints), cloneRaws(w.EffectiveFirewalls)
	c.Health = make(map[string]map[string]json.RawMessage, len(w.Health))
	for service, groups := range w.Health {
		c.Health[service] = cloneRaws(groups)
	}
	c.Kubernetes = make(map[string][]*unstructured.Unstructured, len(w.Kubernetes))
	for cluster, objects := range w.Kubernetes {
		for _, o := range objects {
			c.Kubernetes[cluster] = append(c.Kubernetes[cluster], o.DeepCopy())
		}
	}
	c.Logs = cloneLines(w.Logs)
	c.Responses = slices.Clone(w.Responses)
	for i := range c.Responses {
		c.Responses[i].Headers = maps.Clone(c.Responses[i].Headers)
	}
	c.DNS = maps.Clone(w.DNS)
	for host, r := range c.DNS {
		c.DNS[host] = DNSRecord{A: slices.Clone(r.A), AAAA: slices.Clone(r.AAAA), CAA: slices.Clone(r.CAA), NXDOMAIN: r.NXDOMAIN}
	}
	c.Deny, c.Fail, c.Unavailable = slices.Clone(w.Deny), maps.Clone(w.Fail), slices.Clone(w.Unavailable)
	c.Unreachable = slices.Clone(w.Unreachable)
	return &c
}

// throughJSON copies a resource of GKE, which was read from JSON.
func throughJSON[T any](resource *T) *T {
	out := new(T)
	body, err := json.Marshal(resource)
	if err != nil || json.Unmarshal(body, out) != nil {
		return resource
	}
	return out
}

func cloneRaws(in map[string]json.RawMessage) map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(in))
	for key, raw := range in {
		out[key] = bytes.Clone(raw)
	}
	return out
}

func cloneLines(in []json.RawMessage) []json.RawMessage {
	out := make([]json.RawMessage, 0, len(in))
	for _, raw := range in {
		out = append(out, bytes.Clone(raw))
	}
	return out
}
