package glbc

import (
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// A Quirk is a misconfiguration that GLBC accepts without an event: only comparing
// the objects finds it (ingress-controller.md §1.11).
type Quirk struct {
	Code QuirkCode
	// On is the object that has it.
	On facts.Ref
	// Field and Value are what is written.
	Field, Value string
}

// A QuirkCode names a quirk.
type QuirkCode string

// The quirks.
const (
	// DuplicateHost: the last rule for a host replaces the earlier ones.
	DuplicateHost QuirkCode = "duplicate-host"
	// DuplicatePath: the last of equal paths of a host wins.
	DuplicatePath QuirkCode = "duplicate-path"
	// RuleWithoutHTTP: the rule is skipped.
	RuleWithoutHTTP QuirkCode = "rule-without-http"
	// ExactRootOnly: a host's only path matches `/` and nothing deeper.
	ExactRootOnly QuirkCode = "exact-root-only"
	// AllowHTTPTypo: not a boolean, so HTTP is allowed.
	AllowHTTPTypo QuirkCode = "allow-http-typo"
	// SuppressXPNTypo: not a boolean, so the event is not suppressed.
	SuppressXPNTypo QuirkCode = "suppress-xpn-typo"
	// ConfigPortUnmatched: a key is no port of the Service, and there is no default: no
	// BackendConfig is applied. Value is the key.
	ConfigPortUnmatched QuirkCode = "config-port-unmatched"
	// ConfigMisplaced: a Service's annotation on the Ingress, where nobody reads it.
	ConfigMisplaced QuirkCode = "config-annotation-misplaced"
	// AppProtocolsPortUnmatched: a key is no name of a port: HTTP is spoken. Value is
	// the key.
	AppProtocolsPortUnmatched QuirkCode = "app-protocols-port-unmatched"
	// NEGAnnotationInvalid: instance groups are used.
	NEGAnnotationInvalid QuirkCode = "neg-annotation-invalid"
)

func quirksOf(s *facts.Snapshot, ing *networkingv1.Ingress) []Quirk {
	list := ruleQuirks(s, ing)
	typo := func(code QuirkCode, key string) {
		v, ok := ing.Annotations[key]
		if _, err := strconv.ParseBool(v); ok && err != nil {
			list = append(list, Quirk{code, RefOf(s, ing), key, v})
		}
	}
	typo(AllowHTTPTypo, AllowHTTPAnnotation)
	typo(SuppressXPNTypo, SuppressXPNAnnotation)
	for _, key := range []string{BackendConfigAnnotation, backendConfigBeta} {
		if v, ok := ing.Annotations[key]; ok {
			list = append(list, Quirk{ConfigMisplaced, RefOf(s, ing), key, v})
		}
	}
	for _, b := range Backends(s, ing) {
		for _, q := range serviceQuirks(b, b.Ref(s.ClusterName)) {
			if !slices.Contains(list, q) {
				list = append(list, q)
			}
		}
	}
	return list
}

func ruleQuirks(s *facts.Snapshot, ing *networkingv1.Ingress) []Quirk {
	var list []Quirk
	hosts := map[string]bool{}
	for i, r := range ing.Spec.Rules {
		field := "spec.rules[" + strconv.Itoa(i) + "]"
		if r.HTTP == nil {
			list = append(list, Quirk{RuleWithoutHTTP, RefOf(s, ing), field, r.Host})
			continue
		}
		if hosts[r.Host] {
			list = append(list, Quirk{DuplicateHost, RefOf(s, ing), field + ".host", r.Host})
		}
		hosts[r.Host] = true
		paths := map[string]bool{}
		for j, p := range r.HTTP.Paths {
			expanded, _ := ExpandPath(p)
			for _, path := range expanded {
				if paths[path] {
					list = append(list, Quirk{DuplicatePath, RefOf(s, ing), field + ".http.paths[" + strconv.Itoa(j) + "].path", path})
				}
				paths[path] = true
			}
		}
		if len(paths) == 1 && paths["/"] {
			list = append(list, Quirk{ExactRootOnly, RefOf(s, ing), field + ".http.paths", "/"})
		}
	}
	return list
}

func serviceQuirks(b Backend, on facts.Ref) []Quirk {
	svc, ok := b.Object.Get()
	if !ok || b.ServicePort == nil {
		return nil
	}
	var list []Quirk
	isPort := func(key string, byNumber bool) bool {
		return slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool {
			return key == p.Name || byNumber && key == strconv.Itoa(int(p.Port))
		})
	}
	if r := configRequestOf(svc); r.err == nil && r.of(b.ServicePort) == "" {
		for _, key := range slices.Sorted(maps.Keys(r.Ports)) {
			if !isPort(key, true) {
				list = append(list, Quirk{ConfigPortUnmatched, on, r.key, key})
			}
		}
	}
	if appProtocolsFault(svc) == "" {
		for _, key := range slices.Sorted(maps.Keys(AppProtocols(svc))) {
			if !isPort(key, false) {
				list = append(list, Quirk{AppProtocolsPortUnmatched, on, appProtocolsKey(svc), key})
			}
		}
	}
	if r := NEGRequestOf(svc); r.Present && !r.Valid && !NeedsNEG(svc) {
		list = append(list, Quirk{NEGAnnotationInvalid, on, NEGAnnotation, r.Raw})
	}
	return list
}
