package endpoint

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// failing are the symptoms of endpoints that don't answer or aren't there.
var failing = []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing}

// paths are the reads that lead to a Service's endpoints.
var paths = []facts.Kind{
	facts.Ingresses, facts.IngressClasses, facts.Services, facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth,
	facts.Pods, facts.Logs,
}

// members are the reads that tell what is in the NEGs, and what should be.
var members = append([]facts.Kind{facts.NEGs, facts.NEGEndpoints, facts.EndpointSlices, facts.Nodes, facts.Events, facts.ThirdPartyObjects}, paths...)

// about begins a finding on a Backend, whether its endpoints fail or not.
func about(c cause.Case, b glbc.Backend) cause.Finding {
	f := cause.Finding{
		Severity: cause.Blocked, On: []facts.Ref{b.Ref(c.Facts.ClusterName)}, Affected: c.Users(b), Hosts: b.Hosts,
	}
	if a, ok := ailing(c, b); ok {
		f = a.Finding(c)
	}
	f.Subject = b.Ref(c.Facts.ClusterName)
	return f
}

func ailing(c cause.Case, b glbc.Backend) (cause.Ailing, bool) {
	for _, a := range c.Ailing() {
		if a.Namespace == b.Namespace && a.Service == b.Service && a.Port == b.Port {
			return a, true
		}
	}
	return cause.Ailing{}, false
}

// whole makes a finding one about the whole Ingress, where that doesn't come up or isn't
// changed any more because of it.
func whole(f *cause.Finding) {
	if slices.Contains(f.Explains, cause.IngressNotProvisioned) {
		f.On = nil
	}
}

// explained are the symptoms of a Service port whose NEGs nobody makes or keeps: what
// isn't there, and endpoints that no pod is behind.
func explained(c cause.Case, b glbc.Backend, ids ...cause.ID) []cause.ID {
	if !c.Has(cause.IngressNotProvisioned) && !c.Has(cause.ChangeNotApplied) {
		// Nothing of the sort shows.
	} else if errs := c.ControllerErrors(); len(errs) == 0 || slices.ContainsFunc(errs, func(e cause.ControllerError) bool {
		return strings.Contains(e.Message, "networkEndpointGroup") || strings.Contains(e.Message, "when not using NEGs")
	}) {
		ids = append(ids, cause.IngressNotProvisioned, cause.ChangeNotApplied)
	}
	if a, ok := ailing(c, b); ok && outdated(c, a) {
		ids = append(ids, failing...)
	}
	return ids
}

// outdated: all that fails are endpoints that shouldn't be there any more, or there is
// none.
func outdated(c cause.Case, a cause.Ailing) bool {
	if a.Empty {
		return true
	}
	diff, _ := glbc.CompareMembers(c.Facts, a.Backend)
	for _, e := range a.Bad {
		wrong := slices.ContainsFunc(diff.WrongPort, func(p glbc.PortDifference) bool { return p.IP == e.IP })
		stale := slices.ContainsFunc(diff.Stale, func(m glbc.Member) bool { return m.IP == e.IP && m.Port == e.Port })
		if !e.Stale() && !wrong && !stale {
			return false
		}
	}
	return len(a.Bad) > 0
}

// onPods are the Backends of Services, each Service port once.
func onPods(c cause.Case) []glbc.Backend {
	return slices.DeleteFunc(c.Backends(), func(b glbc.Backend) bool {
		_, ok := b.Object.Get()
		return !ok || b.Service == "" || b.ServicePort == nil
	})
}

func podRef(c cause.Case, pod *corev1.Pod) facts.Ref {
	return facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindPod, Namespace: pod.Namespace, Name: pod.Name}
}

// title names an object to people: "Deployment shop/web".
func title(r facts.Ref) string { return r.Kind + " " + r.Namespace + "/" + r.Name }

// portOf is where a port stands among those of its Service.
func portOf(svc *corev1.Service, port *corev1.ServicePort) int {
	return slices.IndexFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == port.Port && p.Name == port.Name })
}

// patchPort sets a field of a port of a Service.
func patchPort(svc *corev1.Service, port *corev1.ServicePort, field string, value any) string {
	return fmt.Sprintf(`kubectl patch service %s -n %s --type json -p '[{"op":"replace","path":"/spec/ports/%d/%s","value":%v}]'`, svc.Name, svc.Namespace, portOf(svc, port), field, value)
}

// servicePatch is a manifest of a Service with what should change.
func servicePatch(svc *corev1.Service, annotations, spec string) cause.Patch {
	yaml := "apiVersion: v1\nkind: Service\nmetadata:\n  name: " + svc.Name + "\n  namespace: " + svc.Namespace + "\n"
	if annotations != "" {
		yaml += "  annotations:\n    " + annotations + "\n"
	}
	if spec != "" {
		yaml += "spec:\n" + spec
	}
	return cause.Patch{File: "Service " + svc.Namespace + "/" + svc.Name, YAML: yaml}
}

// wrotePort is who gave a port of a Service the value of a field that it has now.
func wrotePort(c cause.Case, svc *corev1.Service, field, now string) *cause.Change {
	ref := facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindService, Namespace: svc.Namespace, Name: svc.Name}
	ch := c.WroteWhere(ref, func(path string) bool {
		return strings.HasPrefix(path, "spec.ports") && strings.HasSuffix(path, "."+field)
	})
	if ch == nil || ch.To == nil || strings.Trim(*ch.To, `"`) != now {
		return nil
	}
	return ch
}

// wrote is who gave a field of a Service the value that it has now; nil where the log
// tells of another value, or none.
func wrote(c cause.Case, svc *corev1.Service, path string, now ...string) *cause.Change {
	ch := c.Wrote(facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindService, Namespace: svc.Namespace, Name: svc.Name}, path)
	if ch == nil || ch.To == nil || !slices.Contains(now, strings.Trim(*ch.To, `"`)) {
		return nil
	}
	return ch
}

func listOf(items []string) string {
	if len(items) > 3 {
		return strings.Join(items[:3], ", ") + fmt.Sprintf(" and %d more", len(items)-3)
	}
	return strings.Join(items, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
