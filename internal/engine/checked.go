package engine

import (
	"fmt"
	"slices"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// checked are the facts that a person would look at next when a symptom stays
// unexplained: what each station of the path looked like, the backends that show
// it first.
func checked(c cause.Case, open []cause.Symptom) []cause.Evidence {
	if c.Target.Kind == facts.KindCertificate {
		return checkedCertificate(c)
	}
	var concerned, others []cause.Evidence
	for _, b := range c.Backends() {
		service := b.Ref(c.Facts.ClusterName)
		if slices.ContainsFunc(open, func(s cause.Symptom) bool { return slices.Contains(s.Objects, service) }) {
			concerned = append(concerned, checkedBackend(c, b)...)
		} else {
			others = append(others, checkedBackend(c, b)...)
		}
	}
	if slices.ContainsFunc(open, func(s cause.Symptom) bool { return s.ID == cause.CertificateNotActive }) {
		return append(append(checkedAsked(c, open), concerned...), others...)
	}
	return append(concerned, others...)
}

func checkedBackend(c cause.Case, b glbc.Backend) (list []cause.Evidence) {
	if b.Service == "" {
		return checkedOutside(c, b)
	}
	_, ok := b.Object.Get()
	name := b.Namespace + "/" + b.Service
	switch {
	case b.Object.IsAbsent() && b.Service != "":
		return []cause.Evidence{{Source: "container.services.list", Says: "Service " + name + " doesn't exist"}}
	case ok && b.ServicePort == nil:
		return []cause.Evidence{{Source: "container.services.list", Says: "Service " + name + " has no port " + portText(b)}}
	case ok:
		list = append(list, cause.Evidence{Source: "container.services.list", Says: fmt.Sprintf("Service %s port %s → targetPort %s", name, portText(b), b.ServicePort.TargetPort.String()), Link: cause.ObjectLink(b.Ref(c.Facts.ClusterName))})
	}
	if pods, err := glbc.PodsOf(c.Facts, b); err == nil {
		ready := 0
		for _, p := range pods {
			if glbc.IsReady(p) {
				ready++
			}
		}
		list = append(list, cause.Evidence{Source: "container.pods.list", Says: fmt.Sprintf("%d of %d pods of %s are Ready", ready, len(pods), name)})
	}
	if hc, ok := b.HealthCheck.Get(); ok {
		check := glbc.CheckOf(hc)
		list = append(list, cause.Evidence{
			Source: "compute.healthChecks.list", Link: cause.ComputeLink(facts.RelativePath(hc.GetSelfLink())),
			Says: hc.GetName() + asks(check),
		})
		if derived, ok := derives(c, b, check); ok {
			source := "ingress controller"
			if b.Gateway {
				source = "Gateway controller"
			}
			list = append(list, cause.Evidence{Source: source, Says: derived})
		}
		if s, ok := lastWords(c, b); ok {
			list = append(list, s)
		}
	}
	return list
}

// derives compares the live check with the one that the controller would create
// today; an existing check never follows (ingress-controller.md §2, update policy).
func derives(c cause.Case, b glbc.Backend, live glbc.Check) (says string, ok bool) {
	if b.Gateway {
		return desires(c, b, live)
	}
	svc, found := b.Object.Get()
	pods, read := c.Facts.Pods.Get()
	if !found || !read || b.ServicePort == nil {
		return "", false
	}
	in := glbc.InferCheck(svc, b.ServicePort, glbc.NEGRequestOf(svc).Ingress, pods)
	switch {
	case in.Why != "":
		says = "from the readiness probe GKE derives nothing (" + in.Why + "), so by default it checks " + in.Check.Path
	case in.Check.Path == live.Path && in.Check.Type == live.Type:
		return "the check is what GKE derives from the readiness probe of " + in.From, true
	default:
		says = "from the readiness probe of " + in.From + " GKE would derive " + in.Check.Type + " " + in.Check.Path
	}
	if in.Check.Path != live.Path || in.Check.Type != live.Type {
		says += "; the live check differs: an existing one doesn't follow the probe"
	}
	return says, true
}

// desires compares the live check of a Gateway's backend with the one that the
// controller makes of the Service's HealthCheckPolicy, or by default.
func desires(c cause.Case, b glbc.Backend, live glbc.Check) (says string, ok bool) {
	want, ok := glbc.DesiredGatewayCheck(c.Facts, b).Get()
	if !ok {
		return "", false
	}
	says = "no HealthCheckPolicy names the Service, so by default"
	if want.Policy != nil {
		says = "by HealthCheckPolicy " + want.Policy.Name
	}
	says += " a Gateway's check" + asks(want.Check)
	if want.Check.Path != live.Path || want.Check.Type != live.Type {
		says += "; the live check differs"
	}
	return says, true
}

func asks(check glbc.Check) string {
	if !check.HTTP() {
		return " asks for a " + check.Type + " answer"
	}
	return fmt.Sprintf(" asks %s %s and wants exactly 200", check.Type, check.Path)
}

// lastWords are the prober's own on the newest failure of a backend's endpoints.
func lastWords(c cause.Case, b glbc.Backend) (cause.Evidence, bool) {
	for _, s := range c.Entries() {
		if s.Kind == signal.HealthChanged && s.Health.State == "UNHEALTHY" && s.Health.ResultText != "" && b.Logged(c.Facts, cause.Logged(s)) {
			return cause.Evidence{Source: "health-check log", Says: "the prober says of " + s.Health.IP + ": " + s.Health.ResultText, Link: cause.EntryLink(c.Facts.Project, s.ID, s.At)}, true
		}
	}
	return cause.Evidence{}, false
}

func portText(b glbc.Backend) string {
	if b.Port.Name != "" {
		return b.Port.Name
	}
	return fmt.Sprint(b.Port.Number)
}
