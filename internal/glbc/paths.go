package glbc

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// A PathError is why GLBC refuses a path of an Ingress (ingress-controller.md §1.2).
type PathError struct {
	// Variant is ExactEmpty, PrefixEmpty, ExactWildcard, PrefixWildcard or
	// PathTypeUnsupported.
	Variant string
	// Message is the text of the event.
	Message string
}

// Error is the event's text.
func (e *PathError) Error() string { return e.Message }

// everyPath is the path that matches all.
const everyPath = "/*"

// ExpandPath gives the paths of the URL map for a path of an Ingress
// (ingress-controller.md §1.2). A nil path type is ImplementationSpecific.
func ExpandPath(p networkingv1.HTTPIngressPath) ([]string, *PathError) {
	kind := networkingv1.PathTypeImplementationSpecific
	if p.PathType != nil {
		kind = *p.PathType
	}
	switch kind {
	case networkingv1.PathTypeImplementationSpecific:
		if p.Path == "" {
			return []string{everyPath}, nil
		}
		return []string{p.Path}, nil
	case networkingv1.PathTypeExact:
		switch {
		case p.Path == "":
			return nil, &PathError{ExactEmpty, "failed to validate exact path type due to empty path"}
		case strings.Contains(p.Path, "*"):
			return nil, &PathError{ExactWildcard, "failed to validate exact path " + p.Path + " due to invalid wildcard"}
		}
		return []string{p.Path}, nil
	case networkingv1.PathTypePrefix:
		return expandPrefix(p.Path)
	}
	return nil, &PathError{PathTypeUnsupported, "unsupported path type: " + string(kind)}
}

func expandPrefix(path string) ([]string, *PathError) {
	switch {
	case path == "":
		return nil, &PathError{PrefixEmpty, "failed to validate prefix path type due to empty path"}
	case path == "/":
		return []string{everyPath}, nil
	case strings.Contains(path, "*"):
		return nil, &PathError{PrefixWildcard, "failed to validate prefix path " + path + " due to invalid wildcard"}
	}
	path = strings.TrimSuffix(path, "/")
	return []string{path, path + everyPath}, nil
}
