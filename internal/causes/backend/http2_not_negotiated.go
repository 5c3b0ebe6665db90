package backend

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// To a backend of protocol HTTP2 the load balancer speaks TLS and asks for h2 by ALPN; an
// app without either gets no request (gcp-facts.md §4, failed_to_negotiate_alpn;
// gcegrpc#5). gRPC over a backend of protocol HTTP can't work at all.
var http2NotNegotiated = cause.Cause{
	ID:       "backend/http2-not-negotiated",
	Title:    "The load balancer and the app don't agree on HTTP/2",
	Needs:    []facts.Kind{facts.Ingresses, facts.Services, facts.Pods, facts.BackendServices, facts.BackendHealth, facts.RegionBackendHealth, facts.URLMaps, facts.Logs, facts.ThirdPartyObjects},
	Explains: append([]cause.ID{"health/protocol-mismatch", "backend/tls-protocol-mismatch", "backend/keepalive-too-short"}, http2Explains...),
	Check:    checkHTTP2,
}

func checkHTTP2(c cause.Case) (out cause.Outcome) {
	for _, t := range trafficOf(c) {
		refused := t.failed(signal.NoHTTP2)
		plain := t.plainPod()
		switch asks := t.live.GetProtocol() == "HTTP2"; {
		case asks && len(refused) > 0:
			out.Findings = append(out.Findings, t.withoutHTTP2(c, cause.Proven, refused, plain))
		case asks && plain != nil && t.sick(c) && !t.steady(c):
			out.Findings = append(out.Findings, t.withoutHTTP2(c, cause.Proven, nil, plain))
		case t.live.GetProtocol() == "HTTP" && !t.Gateway:
			if calls := t.grpcFailures(); len(calls) > 0 {
				out.Findings = append(out.Findings, t.grpcOverHTTP1(c, calls))
			}
		}
	}
	return out
}

// plainPod is a Ready pod whose readiness probe shows that the port speaks plain HTTP.
func (t *traffic) plainPod() *corev1.Pod {
	for _, pod := range t.pods {
		if t.probedScheme(pod) == corev1.URISchemeHTTP && glbc.IsReady(pod) {
			return pod
		}
	}
	return nil
}

// probedScheme is what the kubelet speaks to the port that requests go to; empty where
// its readiness probe asks another port, or not by HTTP.
func (t *traffic) probedScheme(pod *corev1.Pod) corev1.URIScheme {
	container, port := t.serving(pod)
	if container == nil || port == 0 || container.ReadinessProbe == nil || container.ReadinessProbe.HTTPGet == nil {
		return ""
	}
	get := container.ReadinessProbe.HTTPGet
	asked := get.Port.IntVal
	for _, p := range container.Ports {
		if get.Port.StrVal != "" && p.Name == get.Port.StrVal {
			asked = p.ContainerPort
		}
	}
	switch {
	case asked != port:
		return ""
	case get.Scheme == "":
		return corev1.URISchemeHTTP
	}
	return get.Scheme
}

func (t *traffic) withoutHTTP2(c cause.Case, confidence cause.Confidence, refused []signal.Signal, plain *corev1.Pod) cause.Finding {
	f := t.finding(c, confidence, refused)
	f.Severity = cause.Outage
	f.Headline = "The load balancer speaks HTTP/2 over TLS to " + t.Title() + ", and the app doesn't offer it"
	f.Summary = "A backend of protocol HTTP2 must take TLS and offer h2 by ALPN; Google's proxies don't speak HTTP/2 without TLS to it."
	f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.backendServices.list", Says: t.live.GetName() + " has protocol HTTP2", Link: cause.ComputeLink(glbc.Path(t.live))})
	if plain != nil {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.pods.list", Says: "the kubelet asks " + plain.Name + " on that port in plain HTTP, and it is Ready"})
	}
	f.Impact = "no request to " + t.Title() + " is answered by the app"
	f.Subject = t.workload(c.Facts.ClusterName)
	f.Fix.Summary = "Serve TLS with h2 in the app's ALPN list on that port (Envoy: alpn_protocols: h2; nginx: http2 on), or let the load balancer speak HTTP/1.1 to it."
	if plain != nil {
		t.speak(&f.Fix, "HTTP")
	} else {
		t.speak(&f.Fix, "HTTPS") // there was a handshake, so the app takes TLS
	}
	if f.Subject.Kind == facts.KindService || plain != nil {
		f.Subject = t.Ref(c.Facts.ClusterName)
	}
	f.Explains = append([]cause.ID{"health/protocol-mismatch", "backend/tls-protocol-mismatch"}, http2Explains...)
	if svc := t.Ref(c.Facts.ClusterName); t.Service != "" {
		f.Change = t.wroteProtocol(c, svc, "HTTP2")
	}
	return f
}

var http2Explains = []cause.ID{cause.RequestsFailing, cause.BackendUnhealthy, cause.PodsNotReadyInNEG}

// grpcFailures are the failed requests of gRPC clients, which name themselves.
func (t *traffic) grpcFailures() (list []signal.Signal) {
	for _, s := range t.requests {
		if strings.HasPrefix(s.Request.UserAgent, "grpc-") && s.Request.Status >= 400 && s.Request.Failure() != signal.ByClient {
			list = append(list, s)
		}
	}
	return list
}

func (t *traffic) grpcOverHTTP1(c cause.Case, calls []signal.Signal) cause.Finding {
	f := t.finding(c, cause.Likely, calls)
	f.Headline = "gRPC clients reach " + t.Title() + " over HTTP/1.1, which gRPC can't use"
	f.Summary = "The load balancer speaks the backend service's protocol, HTTP, to the pods: HTTP/1.1. gRPC needs HTTP/2 on the whole way."
	f.Evidence = append(
		f.Evidence, cause.Evidence{Source: "request log", Says: "the client calls itself " + short(calls[0].Request.UserAgent)},
		cause.Evidence{Source: "compute.backendServices.list", Says: t.live.GetName() + " has protocol HTTP", Link: cause.ComputeLink(glbc.Path(t.live))},
	)
	f.Impact = countOf(len(calls), "gRPC call") + " failed"
	f.Fix.Summary = "Let the load balancer speak HTTP2 to the port; the app must serve TLS with h2 in its ALPN list there."
	t.speak(&f.Fix, "HTTP2")
	f.Explains = []cause.ID{cause.RequestsFailing, "backend/keepalive-too-short"}
	return f
}

// speak adds how the load balancer is told to speak a protocol to the port.
func (t *traffic) speak(fix *cause.Fix, protocol string) {
	svc, ok := t.Object.Get()
	if !ok || t.ServicePort == nil {
		fix.Commands = append(fix.Commands, fmt.Sprintf("gcloud compute backend-services update %s --protocol=%s --project %s%s", t.live.GetName(), protocol, t.service().Project, scopeFlag(t.service())))
		return
	}
	port, named := t.ServicePort.Name, t.ServicePort.Name != ""
	meta := "apiVersion: v1\nkind: Service\nmetadata:\n  name: " + svc.Name + "\n  namespace: " + svc.Namespace + "\n"
	patch := cause.Patch{File: "Service " + svc.Namespace + "/" + svc.Name}
	switch {
	case t.Gateway:
		kind := map[string]string{"HTTP2": "kubernetes.io/h2c"}[protocol]
		if kind == "" {
			kind = protocol
		}
		fix.Commands = append(fix.Commands, fmt.Sprintf(`kubectl patch service %s -n %s -p '{"spec":{"ports":[{"port":%d,"appProtocol":"%s"}]}}'`, svc.Name, svc.Namespace, t.ServicePort.Port, kind))
		patch.YAML = meta + fmt.Sprintf("spec:\n  ports:\n  - port: %d\n    appProtocol: %s\n", t.ServicePort.Port, kind)
	case !named:
		port = strings.ToLower(protocol)
		fix.Commands = append(fix.Commands, fmt.Sprintf(`kubectl patch service %s -n %s -p '{"spec":{"ports":[{"port":%d,"name":"%s"}]}}'`, svc.Name, svc.Namespace, t.ServicePort.Port, port))
		fallthrough
	default:
		value := protocolsWith(svc, port, protocol)
		fix.Commands = append(fix.Commands, fmt.Sprintf("kubectl annotate service %s -n %s --overwrite %s='%s'", svc.Name, svc.Namespace, protocolsKey(svc), value))
		patch.YAML = meta + "  annotations:\n    " + protocolsKey(svc) + ": '" + value + "'\n"
		if !named {
			patch.YAML += fmt.Sprintf("spec:\n  ports:\n  - port: %d\n    name: %s\n", t.ServicePort.Port, port)
		}
	}
	fix.Patches = append(fix.Patches, patch)
}
