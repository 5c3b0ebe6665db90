package glbc

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// A Translation is what GLBC makes of an Ingress, as far as the objects tell.
type Translation struct {
	Class Class
	// Map is the URL map that the Ingress asks for.
	Map URLMap
	// Faults are those that surely are there, in the order in which the controller
	// meets them; each once, however many paths have it.
	Faults []Fault
	// Undecided are those that may be there, with Err why it can't be told. A missing
	// Secret isn't among them: Secrets are never read.
	Undecided []Fault
	// Quirks are misconfigurations that the controller accepts in silence.
	Quirks []Quirk
}

// Blocked reports that translation fails: nothing of the Ingress is applied, however
// small the fault, and what was built before keeps serving
// (ingress-controller.md §0.2).
func (t Translation) Blocked() bool {
	return slices.ContainsFunc(t.Faults, func(f Fault) bool { return f.Stage == StageTranslate })
}

// Stops are the faults that end the sync: all of translation's, else the first later
// one that isn't only a warning. The one that comes before it may be among Undecided.
func (t Translation) Stops() []Fault {
	var list []Fault
	for _, f := range t.Faults {
		switch {
		case f.Warning:
		case f.Stage == StageTranslate:
			list = append(list, f)
		case len(list) == 0:
			return []Fault{f}
		}
	}
	return list
}

// Translate says what GLBC makes of an Ingress (ingress-controller.md §1.2-§1.5,
// §1.11). For an Ingress that GLBC doesn't serve it has the Class only; one whose
// class is Unsure has all faults among Undecided.
func Translate(s *facts.Snapshot, ing *networkingv1.Ingress) Translation {
	class := ClassIn(s, ing)
	if !class.Served && !class.Unsure {
		return Translation{Class: class}
	}
	t := translator{
		s: s, ing: ing, ref: RefOf(s, ing),
		Translation: Translation{Class: class, Map: DesiredURLMap(ing), Quirks: quirksOf(s, ing)},
	}
	t.rules()
	t.defaultBackend()
	t.backends()
	t.frontend()
	return t.Translation
}

// A translator collects faults.
type translator struct {
	s   *facts.Snapshot
	ing *networkingv1.Ingress
	ref facts.Ref
	Translation
}

// fault adds a Fault, or does nothing where it is known already.
func (t *translator) fault(f Fault) {
	if f.On.IsZero() {
		f.On = t.ref
	}
	if t.Class.Unsure && f.Err == nil {
		f.Err = flagError("enable-ingress-regional-external")
	}
	same := func(o Fault) bool { return o.Code == f.Code && o.On == f.On && o.Message == f.Message }
	switch {
	case f.Err == nil && !slices.ContainsFunc(t.Faults, same):
		t.Faults = append(t.Faults, f)
	case f.Err != nil && !slices.ContainsFunc(t.Undecided, same):
		t.Undecided = append(t.Undecided, f)
	}
}

func (t *translator) ofService(namespace, name string) facts.Ref {
	return facts.Ref{Cluster: t.s.ClusterName, Kind: facts.KindService, Namespace: namespace, Name: name}
}

func (t *translator) rules() {
	for i, r := range t.ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for j, p := range r.HTTP.Paths {
			field := "spec.rules[" + strconv.Itoa(i) + "].http.paths[" + strconv.Itoa(j) + "]"
			backend, ok := portBehind(t.ing.Namespace, p.Backend)
			if !ok {
				t.fault(Fault{Code: BackendNotService, Stage: StageTranslate, Field: field + ".backend", Message: notAService})
				continue
			}
			t.servicePort(backend, field+".backend.service", t.fault)
			// The controller looks at the path only where the Service is right, but
			// refuses the path then.
			if _, err := ExpandPath(p); err != nil {
				t.fault(Fault{Code: InvalidPath, Variant: err.Variant, Stage: StageTranslate, Field: field + ".path", Message: err.Message})
			}
		}
	}
}

const notAService = "Ingress Backend is not a service"

func (t *translator) defaultBackend() {
	if d := t.ing.Spec.DefaultBackend; d != nil {
		backend, ok := portBehind(t.ing.Namespace, *d)
		if !ok {
			t.fault(Fault{Code: BackendNotService, Stage: StageTranslate, Field: "spec.defaultBackend", Message: notAService})
			return
		}
		t.servicePort(backend, "spec.defaultBackend.service", t.fault)
		return
	}
	system := SystemDefault()
	t.servicePort(system, "", func(f Fault) {
		f.Variant, f.Code = string(f.Code), DefaultBackendMissing
		f.On, f.Names, f.Field = facts.Ref{}, t.ofService(system.Namespace, system.Service), "spec.defaultBackend"
		f.Message = "failed to retrieve the system default backend service " + strconv.Quote(defaultBackendString)
		if f.Err == nil && t.noServicesAt(system.Namespace) {
			f.Err = errNoSystemServices
		}
		t.fault(f)
	})
}

// errNoSystemServices: a cluster has Services of its own in kube-system, its DNS for
// one, so that a list without any is no proof of what is missing.
var errNoSystemServices = errors.New("namespace kube-system lists no Service at all")

func (t *translator) noServicesAt(namespace string) bool {
	all, _ := t.s.Services.Get()
	return !slices.ContainsFunc(all, func(svc *corev1.Service) bool { return svc.Namespace == namespace })
}

// portText is a port reference as the controller prints it.
func portText(p networkingv1.ServiceBackendPort) string {
	return "&ServiceBackendPort{Name:" + p.Name + ",Number:" + strconv.Itoa(int(p.Number)) + ",}"
}

// splitNames splits a list of names in an annotation, as the controller does.
func splitNames(list string) []string {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}
