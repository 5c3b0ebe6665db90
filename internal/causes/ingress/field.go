package ingress

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// pointerOf turns a field as people write it into a JSON pointer.
func pointerOf(field string) string {
	return "/" + strings.NewReplacer("[", "/", "]", "", ".", "/").Replace(field)
}

// pathAt is the path of an Ingress at a field, and its type; a missing type is
// ImplementationSpecific.
func pathAt(ing *networkingv1.Ingress, field string) (path, kind string) {
	for i, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for j, p := range r.HTTP.Paths {
			if !strings.HasPrefix(field, fmt.Sprintf("spec.rules[%d].http.paths[%d].", i, j)) {
				continue
			}
			if p.PathType == nil {
				return p.Path, string(networkingv1.PathTypeImplementationSpecific)
			}
			return p.Path, string(*p.PathType)
		}
	}
	return "", ""
}
