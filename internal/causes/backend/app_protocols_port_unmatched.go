package backend

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The annotation goes by port names only. A number, or a name that no port has, is
// passed over in silence and the load balancer speaks HTTP
// (ingress-controller.md §1.11.6). Where it speaks what is asked for anyhow, nothing is
// wrong.
var appProtocolsPortUnmatched = cause.Cause{
	ID:       "backend/app-protocols-port-unmatched",
	Title:    "The app-protocols annotation names no port of the Service",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services},
	Explains: slices.Concat(ofSettings, ofTheCheck),
	Check:    checkAppProtocolPort,
}

func checkAppProtocolPort(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) {
		return cause.Outcome{}
	}
	var out cause.Outcome
	for _, b := range glbc.Backends(c.Facts, ing) {
		svc, ok := b.Object.Get()
		bs, live := b.BackendService.Get()
		if !ok || !live || b.ServicePort == nil {
			continue
		}
		protocols := glbc.AppProtocols(svc)
		if protocols[b.ServicePort.Name] != "" {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(protocols)) {
			if protocols[key] != spokenNow(bs) && meansPort(svc, b.ServicePort, key) {
				out.Findings = append(out.Findings, unmatchedProtocol(c, b, svc, key, protocols[key]))
				break
			}
		}
	}
	return out
}

func spokenNow(bs *computepb.BackendService) string { return cmp.Or(bs.GetProtocol(), "HTTP") }

// meansPort: a key that is no port's name is surely meant for a port: it is the port's
// number, as the Service, the pod or the node has it, or the Service has no other.
func meansPort(svc *corev1.Service, port *corev1.ServicePort, key string) bool {
	if slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == key }) {
		return false
	}
	return key == strconv.Itoa(int(port.Port)) || key == port.TargetPort.String() || key == strconv.Itoa(int(port.NodePort)) || len(svc.Spec.Ports) == 1
}

func unmatchedProtocol(c cause.Case, b glbc.Backend, svc *corev1.Service, key, protocol string) cause.Finding {
	bs, _ := b.BackendService.Get()
	ref := b.Ref(c.Facts.ClusterName)
	annotation := glbc.AppProtocolsAnnotation
	if svc.Annotations[annotation] == "" {
		annotation = "service.alpha.kubernetes.io/app-protocols"
	}
	f := cause.Finding{
		Subject:    ref,
		Confidence: cause.Proven,
		Severity:   cause.Blocked,
		Headline:   "Service " + svc.Namespace + "/" + svc.Name + " asks for " + protocol + " on port " + key + ", which is no port's name, so the load balancer speaks " + spokenNow(bs),
		Summary:    "The annotation goes by port names; a key that is none is passed over, the port counts as HTTP, and no event says so.",
		On:         []facts.Ref{ref},
		Affected:   users(c.Facts, ref),
		Hosts:      b.Hosts,
		Impact:     "requests and health checks reach the pods as " + spokenNow(bs),
		Evidence: []cause.Evidence{
			{Source: "container.services.list", Says: annotation + " = " + svc.Annotations[annotation] + "; the Service has " + ports(svc), Link: cause.ObjectLink(ref)},
			{Source: "compute.backendServices.list", Says: "protocol of " + bs.GetName() + " is " + spokenNow(bs), Link: cause.ComputeLink(glbc.Path(bs))},
		},
		Explains: slices.Concat([]cause.ID{cause.ChangeNotApplied, cause.RequestsFailing, "backend/tls-protocol-mismatch", "backend/http2-not-negotiated"}, ofTheCheck),
	}
	for _, s := range c.Symptoms {
		if s.ID == cause.BackendUnhealthy && slices.Contains(s.Objects, ref) {
			f.Severity, f.Since = cause.Degraded, s.Since
			if !glbcServes(c, b) {
				f.Severity = cause.Outage
			}
		}
	}
	if ch := c.Wrote(ref, annotationPath(annotation)); ch != nil && !ch.Removed {
		f.Change = ch
	} else if ch := c.Wrote(ref, "spec.ports"); ch != nil && ch.From != nil && *ch.From == key {
		f.Change = ch
	}
	fixProtocol(&f, svc, b.ServicePort, annotation, key)
	return f
}

func fixProtocol(f *cause.Finding, svc *corev1.Service, port *corev1.ServicePort, annotation, key string) {
	protocols := glbc.AppProtocols(svc)
	protocol := protocols[key]
	delete(protocols, key)
	name := port.Name
	f.Fix.Summary = "name the port in the annotation: " + name
	if name == "" {
		name = "https"
		f.Fix.Summary = "give the port a name, https, and use it in the annotation"
		f.Fix.Commands = []string{"kubectl patch service " + svc.Name + " -n " + svc.Namespace + ` -p '{"spec":{"ports":[{"port":` + strconv.Itoa(int(port.Port)) + `,"name":"https"}]}}'`}
	}
	protocols[name] = protocol
	if text, err := json.Marshal(protocols); err == nil {
		commands, patches := annotate(svc, annotation, string(text))
		f.Fix.Commands, f.Fix.Patches = append(f.Fix.Commands, commands...), patches
	}
	f.Fix.Caveat = "the health check changes its protocol with it and keeps its path"
}
