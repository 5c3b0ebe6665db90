package glbc

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

// The system default backend, which serves what no rule matches where the Ingress
// has no defaultBackend (ingress-controller.md §1.2).
const (
	SystemNamespace      = "kube-system"
	DefaultBackendName   = "default-http-backend"
	defaultBackendPort   = "http"
	defaultBackendString = SystemNamespace + "/" + DefaultBackendName
)

// AnyHost is the host of rules without one.
const AnyHost = "*"

// A URLMap is what GLBC routes an Ingress's requests by.
type URLMap struct {
	// Default serves what no host or path matches; zero where the Ingress's
	// defaultBackend isn't a Service.
	Default ServicePortName
	// Hosts has each host once.
	Hosts []HostRule
}

// A HostRule is the paths of one host; what none of them matches goes to the
// default backend.
type HostRule struct {
	// Host is AnyHost for rules without one.
	Host string
	// PathMatcher is the name that GLBC gives the host's path matcher.
	PathMatcher string
	// Paths has each path once.
	Paths []PathRule
}

// A PathRule is where requests with a path go.
type PathRule struct {
	// Path may end with /*.
	Path    string
	Backend ServicePortName
}

// DesiredURLMap is the URL map that GLBC makes of an Ingress: of rules for one host
// the last replaces the others, of equal paths the last wins, rules without paths
// are skipped (ingress-controller.md §1.2, §1.11). Paths that GLBC refuses, and
// backends that aren't Services, are left out; Translate reports them.
func DesiredURLMap(ing *networkingv1.Ingress) URLMap {
	m := URLMap{Default: SystemDefault()}
	if d := ing.Spec.DefaultBackend; d != nil {
		m.Default, _ = portBehind(ing.Namespace, *d)
	}
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		host := r.Host
		if host == "" {
			host = AnyHost
		}
		m.Hosts = slices.DeleteFunc(m.Hosts, func(h HostRule) bool { return h.Host == host })
		m.Hosts = append(m.Hosts, HostRule{Host: host, PathMatcher: PathMatcherName(host), Paths: pathRules(ing.Namespace, r.HTTP.Paths)})
	}
	return m
}

// SystemDefault is the Service port of the system default backend.
func SystemDefault() ServicePortName {
	return ServicePortName{SystemNamespace, DefaultBackendName, networkingv1.ServiceBackendPort{Name: defaultBackendPort}}
}

func pathRules(namespace string, paths []networkingv1.HTTPIngressPath) []PathRule {
	var rules []PathRule
	for _, p := range paths {
		backend, ok := portBehind(namespace, p.Backend)
		if !ok {
			continue
		}
		expanded, _ := ExpandPath(p)
		for _, path := range expanded {
			rules = slices.DeleteFunc(rules, func(r PathRule) bool { return r.Path == path })
			rules = append(rules, PathRule{Path: path, Backend: backend})
		}
	}
	return rules
}

func portBehind(namespace string, b networkingv1.IngressBackend) (ServicePortName, bool) {
	if b.Service == nil {
		return ServicePortName{}, false
	}
	return ServicePortName{namespace, b.Service.Name, b.Service.Port}, true
}
