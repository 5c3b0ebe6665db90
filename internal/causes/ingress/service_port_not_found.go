package ingress

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A backend's port is a port of the Service: by exact name, or by the number under
// `port`, never the targetPort or the nodePort. No match ends the translation of the
// whole Ingress (ingress-controller.md §1.2, service-port-not-found).
var servicePortNotFound = cause.Cause{
	ID:       "ingress/service-port-not-found",
	Title:    "The Ingress names a port that its Service doesn't have",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check: cause.Blocker{
		Code: glbc.ServicePortNotFound, Tell: tellPortNotFound,
		RuledOut: "every port that the Ingress names is one of its Service's",
	}.Check,
}

func tellPortNotFound(c cause.Case, f glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	svc, ok := glbc.ServiceOf(c.Facts, f.Names.Namespace, f.Names.Name).Get()
	ref, found := missingPort(c, f)
	if !ok || !found {
		return cause.Finding{}
	}
	wanted := portName(ref)
	told := cause.Finding{
		Headline: "Service " + svc.Namespace + "/" + svc.Name + " has no port " + wanted + ", " + c.Effect(),
		Summary:  "GKE's controller finds a backend's port by its exact name, or by the number of a port of the Service; one that isn't found holds back the whole Ingress.",
		Evidence: []cause.Evidence{{
			Source: "container.services.list", Link: cause.ObjectLink(f.Names),
			Says: f.Names.String() + " has " + portsOf(svc) + "; the Ingress asks for " + wanted + " in " + f.Field,
		}},
		Change: portChange(c, f, ref),
	}
	if p, why := meantPort(svc, ref); p != nil {
		if why != "" {
			told.Evidence = append(told.Evidence, cause.Evidence{Source: "container.services.list", Says: wanted + " is " + why})
		}
		told.Fix.Summary = "name the Service's port: " + strconv.Itoa(int(p.Port))
		told.Fix.Commands, told.Fix.Patches = patchCommand(ing, replacing(ing, func(b *networkingv1.IngressServiceBackend) bool {
			return b.Name == svc.Name && b.Port == ref
		}, "/port", map[string]any{"number": p.Port}))
		return told
	}
	told.Fix.Summary = "name one of the Service's ports in the Ingress, or add the port to the Service"
	told.Fix.Commands = []string{"kubectl get service " + svc.Name + " -n " + svc.Namespace + " -o yaml", "kubectl edit ingress " + ing.Name + " -n " + ing.Namespace}
	return told
}

// missingPort is the reference that a fault is about.
func missingPort(c cause.Case, f glbc.Fault) (networkingv1.ServiceBackendPort, bool) {
	ing, _ := c.Ingress()
	for _, b := range glbc.Backends(c.Facts, ing) {
		text := fmt.Sprintf("{Name:%s,Number:%d,}", b.Port.Name, b.Port.Number)
		if b.Service == f.Names.Name && b.ServicePort == nil && strings.Contains(f.Message, text) {
			return b.Port, true
		}
	}
	return networkingv1.ServiceBackendPort{}, false
}

func portName(p networkingv1.ServiceBackendPort) string {
	if p.Name != "" {
		return strconv.Quote(p.Name)
	}
	return strconv.Itoa(int(p.Number))
}

func portsOf(svc *corev1.Service) string {
	if len(svc.Spec.Ports) == 0 {
		return "no port"
	}
	var list []string
	for _, p := range svc.Spec.Ports {
		text := "port " + strconv.Itoa(int(p.Port))
		if p.Name != "" {
			text += " named " + p.Name
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// meantPort is the port that was surely meant: the one whose targetPort or nodePort it
// is, whose name differs in case, or the Service's only one.
func meantPort(svc *corev1.Service, ref networkingv1.ServiceBackendPort) (*corev1.ServicePort, string) {
	ports := svc.Spec.Ports
	at := slices.IndexFunc(ports, func(p corev1.ServicePort) bool {
		return ref.Name == "" && p.TargetPort.IntVal == ref.Number || ref.Name != "" && p.TargetPort.StrVal == ref.Name
	})
	if at >= 0 {
		return &ports[at], "the targetPort of port " + strconv.Itoa(int(ports[at].Port)) + ", which the Ingress can't name"
	}
	if at = slices.IndexFunc(ports, func(p corev1.ServicePort) bool { return ref.Name == "" && p.NodePort == ref.Number }); at >= 0 {
		return &ports[at], "the nodePort of port " + strconv.Itoa(int(ports[at].Port)) + ", which the Ingress can't name"
	}
	if at = slices.IndexFunc(ports, func(p corev1.ServicePort) bool { return ref.Name != "" && ref.Name == strconv.Itoa(int(p.Port)) }); at >= 0 {
		return &ports[at], "a number in the place of a name: names are compared with names only"
	}
	if len(ports) == 1 {
		return &ports[0], ""
	}
	return nil, ""
}

// portChange is who took the port from the Service, else who wrote it into the Ingress.
func portChange(c cause.Case, f glbc.Fault, ref networkingv1.ServiceBackendPort) *cause.Change {
	wanted := strings.Trim(portName(ref), `"`)
	path := "spec.ports"
	if ref.Name == "" {
		path += "[" + wanted + "]"
	}
	if ch := c.Wrote(f.Names, path); ch != nil && (ch.Removed && ref.Name == "" || ch.From != nil && *ch.From == wanted) {
		return ch
	}
	return c.WhoWrote(f.On, wanted, "spec.rules")
}
