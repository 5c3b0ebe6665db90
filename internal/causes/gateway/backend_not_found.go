package gateway

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A backendRef names a Service and a port of it, in the route's namespace unless it says
// otherwise. The port is the Service's, never the pods'.
var backendNotFound = cause.Cause{
	ID:       "gateway/backend-not-found",
	Title:    "An HTTPRoute leads to a Service or port that does not exist",
	Needs:    []facts.Kind{facts.ThirdPartyObjects, facts.Services},
	Explains: []cause.ID{cause.ChangeNotApplied},
	Check:    checkBackends,
}

func checkBackends(c cause.Case) cause.Outcome {
	g, ok := c.Gateway()
	if !ok || !glbc.SurelyServesGateway(c.Facts, g) {
		return cause.Outcome{}
	}
	var out cause.Outcome
	found := map[facts.Ref]bool{}
	for _, b := range refsOf(c.Facts, g) {
		_, exists := b.service.Get()
		if !b.service.IsAbsent() && (!exists || b.servicePort() != nil) || denied(c.Facts, g, b) {
			continue
		}
		found[b.of] = true
		out.Findings = append(out.Findings, notFound(c, g, b))
	}
	for _, r := range glbc.RefusedRoutes(c.Facts, g) {
		route, ok := routeNamed(c.Facts, r.On)
		if !ok || found[r.On] || r.Type != string(gatewayv1.RouteConditionResolvedRefs) || r.Reason == string(gatewayv1.RouteReasonRefNotPermitted) {
			continue
		}
		if c.Facts.Now.Sub(r.Since) < settled {
			out.Pending = "the controller judged " + r.On.String() + " a moment ago, and its Services are there"
			continue
		}
		out.Findings = append(out.Findings, onlyTold(c, g, route, r))
	}
	return out
}

// denied: the ref may not be followed at all, which comes first.
func denied(s *facts.Snapshot, g *gatewayv1.Gateway, b backendRef) bool {
	return slices.ContainsFunc(glbc.RefusedRefs(s, g), func(r glbc.RefusedRef) bool {
		return r.Route == b.of && r.Namespace == b.namespace && r.Service == b.name
	})
}

func notFound(c cause.Case, g *gatewayv1.Gateway, b backendRef) cause.Finding {
	f := ofRoute(c, g, b.route, b.of)
	svc, exists := b.service.Get()
	service := facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindService, Namespace: b.namespace, Name: b.name}
	switch {
	case !exists:
		f.Headline = fmt.Sprintf("HTTPRoute %s/%s leads to Service %s/%s, which does not exist", b.of.Namespace, b.of.Name, b.namespace, b.name)
		f.Summary = "The controller has nothing to send these requests to; the load balancer answers them itself, with an error."
		f.Evidence = []cause.Evidence{{Source: string(facts.Services), Says: "namespace " + b.namespace + " has no Service " + b.name + elsewhereNamed(c.Facts, b)}}
		f.Change = c.Deleted(service)
		f.Fix = fixService(c.Facts, b)
	default:
		f.Headline = fmt.Sprintf("HTTPRoute %s/%s leads to port %d, which Service %s/%s does not have", b.of.Namespace, b.of.Name, b.port, b.namespace, b.name)
		if b.port == 0 {
			f.Headline = fmt.Sprintf("HTTPRoute %s/%s names no port of Service %s/%s", b.of.Namespace, b.of.Name, b.namespace, b.name)
		}
		f.Summary = "A backendRef names the port of the Service, not the targetPort of its pods; without such a port there is nothing to send these requests to."
		f.Evidence = []cause.Evidence{{Source: string(facts.Services), Says: fmt.Sprintf("Service %s/%s has %s", b.namespace, b.name, portsSay(svc)), Link: cause.ObjectLink(service)}}
		f.Fix = fixPort(b, svc)
	}
	if r, ok := told(c.Facts, g, b.of, gatewayv1.RouteReasonBackendNotFound, gatewayv1.RouteReasonInvalidKind); ok {
		f.Evidence = append(f.Evidence, condition(r))
		f.Since = r.Since
		if f.Change == nil {
			f.Change = broke(c, b.of, "spec.rules", r.Since)
		}
	}
	return f
}

// onlyTold: the controller says that it doesn't find a backend, and the Services can't be
// looked at, or are of another kind.
func onlyTold(c cause.Case, g *gatewayv1.Gateway, route *gatewayv1.HTTPRoute, r glbc.Refusal) cause.Finding {
	f := ofRoute(c, g, route, r.On)
	f.Headline = fmt.Sprintf("The controller doesn't find a backend of HTTPRoute %s/%s (%s)", r.On.Namespace, r.On.Name, r.Reason)
	f.Summary = "Something that a backendRef names isn't there or isn't of a kind that GKE serves: Services and, across clusters, ServiceImports."
	f.Evidence = []cause.Evidence{condition(r)}
	f.Since, f.Change = r.Since, broke(c, r.On, "spec.rules", r.Since)
	if c.Facts.Services.Known() {
		f.Confidence = cause.Likely
	}
	f.Fix = cause.Fix{Summary: "change the backendRef as the controller's message says", Commands: []string{fmt.Sprintf("kubectl describe httproute %s -n %s", r.On.Name, r.On.Namespace)}}
	return f
}

func portsSay(svc *corev1.Service) string {
	var ports []string
	for _, p := range svc.Spec.Ports {
		ports = append(ports, fmt.Sprintf("port %d (targetPort %s)", p.Port, p.TargetPort.String()))
	}
	return strings.Join(ports, ", ")
}

// elsewhereNamed names the namespaces that have a Service of the name.
func elsewhereNamed(s *facts.Snapshot, b backendRef) string {
	all, _ := s.Services.Get()
	for _, svc := range all {
		if svc.Name == b.name && svc.Namespace != b.namespace {
			return "; namespace " + svc.Namespace + " has one"
		}
	}
	return ""
}

// fixService names a Service that is there: the one that was most likely meant.
func fixService(s *facts.Snapshot, b backendRef) cause.Fix {
	fix := cause.Fix{
		Summary:  fmt.Sprintf("create Service %s/%s, or change the backendRef to one that exists", b.namespace, b.name),
		Commands: []string{"kubectl get service -n " + b.namespace},
	}
	all, _ := s.Services.Get()
	var candidates []string
	for _, svc := range all {
		if svc.Namespace == b.namespace && (strings.HasPrefix(svc.Name, b.name) || strings.HasPrefix(b.name, svc.Name)) {
			candidates = append(candidates, svc.Name)
		}
	}
	if len(candidates) == 1 {
		fix.Summary = fmt.Sprintf("change the backendRef to Service %s, which exists; or create Service %s/%s", candidates[0], b.namespace, b.name)
		fix.Commands = []string{jsonPatch("httproute", b.of, "replace", b.path+"/name", `"`+candidates[0]+`"`)}
	}
	return fix
}

// fixPort takes the Service's port that was meant: the only one, or the one whose
// targetPort the ref names.
func fixPort(b backendRef, svc *corev1.Service) cause.Fix {
	for _, p := range svc.Spec.Ports {
		if len(svc.Spec.Ports) == 1 || p.TargetPort.IntVal == b.port {
			return cause.Fix{
				Summary:  fmt.Sprintf("name the Service's port %d in the backendRef", p.Port),
				Commands: []string{jsonPatch("httproute", b.of, "replace", b.path+"/port", fmt.Sprint(p.Port))},
			}
		}
	}
	return cause.Fix{
		Summary:  "name one of the Service's ports in the backendRef: " + portsSay(svc),
		Commands: []string{fmt.Sprintf("kubectl edit httproute %s -n %s", b.of.Name, b.of.Namespace)},
	}
}
