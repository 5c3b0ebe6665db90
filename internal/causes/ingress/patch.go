package ingress

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
)

// An operation is one of a JSON patch of an Ingress.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// patchCommand is the patch as a command, and what is written anew as YAML for those who
// keep their manifests in Git; the editor for no operations.
func patchCommand(ing *networkingv1.Ingress, ops []operation) ([]string, []cause.Patch) {
	look := "kubectl edit ingress " + ing.Name + " -n " + ing.Namespace
	if len(ops) == 0 {
		return []string{look}, nil
	}
	text, err := json.Marshal(ops)
	if err != nil {
		return []string{look}, nil
	}
	command := []string{"kubectl patch ingress " + ing.Name + " -n " + ing.Namespace + " --type json -p '" + string(text) + "'"}
	var lines strings.Builder
	for _, o := range ops {
		value, err := json.Marshal(o.Value)
		if o.Value == nil || err != nil {
			return command, nil
		}
		fmt.Fprintf(&lines, "# %s\n%s: %s\n", dotted(o.Path), o.Path[strings.LastIndex(o.Path, "/")+1:], value)
	}
	return command, []cause.Patch{{File: "Ingress " + ing.Namespace + "/" + ing.Name, YAML: lines.String()}}
}

// dotted turns a JSON pointer into a path as people write it.
func dotted(pointer string) string {
	var out strings.Builder
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch {
		case part != "" && part[0] >= '0' && part[0] <= '9':
			out.WriteString("[" + part + "]")
		case out.Len() > 0:
			out.WriteString("." + part)
		default:
			out.WriteString(part)
		}
	}
	return out.String()
}

// removal takes the backends that are meant out of an Ingress, the last first so that
// the places of the others hold; nothing where no path would be left.
func removal(ing *networkingv1.Ingress, bad func(*networkingv1.IngressServiceBackend) bool) []operation {
	var ops []operation
	left := 0
	meant := func(b networkingv1.IngressBackend) bool { return b.Service != nil && bad(b.Service) }
	for i, r := range slices.Backward(ing.Spec.Rules) {
		if r.HTTP == nil {
			continue
		}
		var paths []operation
		for j, p := range slices.Backward(r.HTTP.Paths) {
			if meant(p.Backend) {
				paths = append(paths, operation{Op: "remove", Path: fmt.Sprintf("/spec/rules/%d/http/paths/%d", i, j)})
			}
		}
		if left += len(r.HTTP.Paths) - len(paths); len(paths) == len(r.HTTP.Paths) && len(paths) > 0 {
			paths = []operation{{Op: "remove", Path: fmt.Sprintf("/spec/rules/%d", i)}}
		}
		ops = append(ops, paths...)
	}
	if d := ing.Spec.DefaultBackend; d != nil && meant(*d) {
		ops = append(ops, operation{Op: "remove", Path: "/spec/defaultBackend"})
	} else if d != nil {
		left++
	}
	if left == 0 {
		return nil
	}
	return ops
}

// replacing gives the backends that are meant another value at a place below them.
func replacing(ing *networkingv1.Ingress, bad func(*networkingv1.IngressServiceBackend) bool, below string, value any) []operation {
	var ops []operation
	meant := func(b networkingv1.IngressBackend) bool { return b.Service != nil && bad(b.Service) }
	if d := ing.Spec.DefaultBackend; d != nil && meant(*d) {
		ops = append(ops, operation{Op: "replace", Path: "/spec/defaultBackend/service" + below, Value: value})
	}
	for i, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for j, p := range r.HTTP.Paths {
			if meant(p.Backend) {
				ops = append(ops, operation{Op: "replace", Path: fmt.Sprintf("/spec/rules/%d/http/paths/%d/backend/service", i, j) + below, Value: value})
			}
		}
	}
	return ops
}

func renaming(ing *networkingv1.Ingress, from, to string) []operation {
	return replacing(ing, func(b *networkingv1.IngressServiceBackend) bool { return b.Name == from }, "/name", to)
}
