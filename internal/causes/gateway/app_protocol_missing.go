package gateway

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// A Gateway speaks plain HTTP/1.1 to the pods unless the Service port's appProtocol says
// otherwise; the annotations that an Ingress reads count for nothing (traefik-helm-chart
// #858).
var appProtocolMissing = cause.Cause{
	ID:    "gateway/app-protocol-missing",
	Title: "The pods speak TLS or HTTP/2, and the Service port has no appProtocol",
	Needs: []facts.Kind{
		facts.NEGs,
		facts.ThirdPartyObjects, facts.Services, facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth, facts.Pods, facts.Probes,
	},
	Explains: []cause.ID{
		cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing, "gateway/health-check-defaults",
		"health/protocol-mismatch", "health/status-not-200", "health/probe-not-inferable", "backend/tls-protocol-mismatch", "backend/http2-not-negotiated",
	},
	Check: checkAppProtocol,
}

// A speech is what the pods speak where the load balancer speaks HTTP/1.1, and how that
// is known.
type speech struct {
	confidence cause.Confidence
	protocol   string
	says       []cause.Evidence
}

func checkAppProtocol(c cause.Case) (out cause.Outcome) {
	if c.Target.Kind != facts.KindGateway {
		return out
	}
	bad := map[string]checked{}
	for _, k := range failing(c) {
		bad[key(k.Backend)] = k
	}
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		if ok && (!b.Object.Known() || !b.HealthCheck.Known()) && (&checked{Backend: b}).requestsFail(c) == cause.Proven {
			out.Undecided = "requests to " + b.Title() + " fail, and what speaks which protocol couldn't be read"
		}
		if !ok || b.ServicePort == nil || b.ServicePort.AppProtocol != nil || bs.GetProtocol() != "HTTP" {
			continue
		}
		k, failing := bad[key(b)]
		if !failing {
			k = serving(c, b)
		}
		if s := k.speaks(c, failing); s.confidence != 0 {
			out.Findings = append(out.Findings, noProtocol(c, k, s, failing))
		}
	}
	return out
}

func key(b glbc.Backend) string {
	return fmt.Sprintf("%s/%s:%d", b.Namespace, b.Service, b.Port.Number)
}

// serving is a backend whose check is content.
func serving(c cause.Case, b glbc.Backend) checked {
	k := checked{Backend: b}
	if hc, ok := b.HealthCheck.Get(); ok {
		k.check = glbc.CheckOf(hc)
	}
	k.all, _ = glbc.FailingEndpoints(c.Facts, b, nil)
	for _, e := range k.all {
		if e.Pod != nil {
			k.pods, k.port = append(k.pods, e.Pod), e.Port
		}
	}
	return k
}

// speaks says what the pods speak: what the kubelet asks them on the serving port, with
// success, and what they answer to plain HTTP.
func (k *checked) speaks(c cause.Case, failing bool) speech {
	tls := k.readsTLS()
	switch {
	case failing && k.probed && k.status == 200, failing && k.check.Type != "HTTP" && k.check.Type != "TCP":
		return speech{}
	case failing && tls && k.check.Type == "HTTP" && k.check.Port == 0:
		return speech{cause.Proven, "HTTPS", []cause.Evidence{{Source: string(facts.Pods), Says: fmt.Sprintf("the kubelet asks the same port %d over HTTPS, and calls the pods Ready", k.port)}}}
	case failing && k.check.Type == "HTTP" && k.check.Port == 0 && k.answersTLS(c) != "":
		return speech{cause.Proven, "HTTPS", []cause.Evidence{{Source: k.answersTLS(c), Says: fmt.Sprintf("port %d answers over TLS, and not as it should over plain HTTP", k.port)}}}
	case failing && k.refusesPlain() && looksTLS(k.ServicePort):
		return speech{cause.Likely, "HTTPS", []cause.Evidence{{Source: k.source, Says: fmt.Sprintf("port %d answers plain HTTP with %s, as a TLS port does; the Service calls it %s", k.port, k.plainAnswer(), portName(k.ServicePort))}}}
	case failing && k.readsGRPC():
		return speech{cause.Likely, "kubernetes.io/h2c", []cause.Evidence{{Source: string(facts.Pods), Says: fmt.Sprintf("the readiness probe of port %d is gRPC, which is HTTP/2", k.port)}}}
	case !failing && k.check.Type == "HTTPS" && k.check.Port == 0 && anyHealthy(k.all):
		return speech{k.requestsFail(c), "HTTPS", []cause.Evidence{{Source: string(facts.HealthChecks), Says: "the health check speaks HTTPS to the same port, and the endpoints are HEALTHY: the port speaks TLS"}}}
	}
	return speech{}
}

// answersTLS is the probe that got an answer from the checked port over TLS, where the
// plain one didn't get its 200; empty for none.
func (k *checked) answersTLS(c cause.Case) string {
	for _, pod := range k.pods {
		for req, v := range c.Probes() {
			a, ok := v.Get()
			if ok && req.Namespace == pod.Namespace && req.Pod == pod.Name && req.Port == k.port && req.Scheme == "https" && a.Status != 0 && k.refusesPlain() {
				return "probe of " + pod.Name
			}
		}
	}
	return ""
}

func anyHealthy(list []glbc.Endpoint) bool {
	for _, e := range list {
		if e.Healthy() {
			return true
		}
	}
	return false
}

// requestsFail: a port may speak both, so that only failing requests prove it.
func (k *checked) requestsFail(c cause.Case) cause.Confidence {
	bs, _ := k.BackendService.Get()
	for _, s := range c.Entries() {
		if s.Kind == signal.RequestFailed && s.Request.BackendService == bs.GetName() {
			return cause.Proven
		}
	}
	return cause.Likely
}

// readsTLS: a Ready pod's readiness probe asks the serving port over HTTPS.
func (k *checked) readsTLS() bool {
	get, ok := k.readiness()
	return ok && get.Scheme == corev1.URISchemeHTTPS && k.readyPods() > 0
}

func (k *checked) readsGRPC() bool {
	for _, pod := range k.pods {
		for _, container := range pod.Spec.Containers {
			if p := container.ReadinessProbe; p != nil && p.GRPC != nil && p.GRPC.Port == k.port && glbc.IsReady(pod) {
				return true
			}
		}
	}
	return false
}

// refusesPlain: what came back to plain HTTP is how TLS servers refuse it.
func (k *checked) refusesPlain() bool {
	text := strings.ToLower(k.silent)
	return k.status == 400 || strings.Contains(text, "reset") || strings.Contains(text, "tls") || strings.Contains(text, "malformed") || strings.Contains(text, "eof")
}

func (k *checked) plainAnswer() string {
	if k.status != 0 {
		return fmt.Sprint(k.status)
	}
	return "no HTTP answer (" + strings.TrimSpace(k.silent) + ")"
}

// looksTLS: the Service port is called or numbered as those for TLS are.
func looksTLS(p *corev1.ServicePort) bool {
	name := strings.ToLower(p.Name + " " + p.TargetPort.StrVal)
	return strings.Contains(name, "https") || strings.Contains(name, "tls") || p.Port == 443 || p.Port == 8443 || p.TargetPort.IntVal == 443 || p.TargetPort.IntVal == 8443
}

func portName(p *corev1.ServicePort) string {
	if p.Name == "" {
		return fmt.Sprint(p.Port)
	}
	return p.Name
}

func noProtocol(c cause.Case, k checked, s speech, failing bool) cause.Finding {
	f := k.finding(c, k.service(c), s.confidence)
	if !failing {
		f.Severity, f.Impact = cause.Outage, "requests to this Service fail, though its endpoints are HEALTHY"
		bs, _ := k.BackendService.Get()
		f.Evidence = []cause.Evidence{{Source: string(facts.BackendServices), Says: "backend service " + bs.GetName() + " speaks HTTP", Link: cause.ComputeLink(glbc.Path(bs))}}
	}
	what := "TLS"
	if s.protocol != "HTTPS" {
		what = "HTTP/2"
	}
	f.Headline = fmt.Sprintf("Port %d of Service %s/%s has no appProtocol, so the Gateway speaks plain HTTP to pods that speak %s", k.ServicePort.Port, k.Namespace, k.Service, what)
	f.Summary = "The load balancer and its check take the protocol from the Service port's appProtocol alone; without it both speak plain HTTP/1.1."
	f.Evidence = append(append(s.says, cause.Evidence{
		Source: string(facts.Services), Says: fmt.Sprintf("port %d of the Service has no appProtocol", k.ServicePort.Port), Link: cause.ObjectLink(k.service(c)),
	}), f.Evidence...)
	f.Change = broke(c, k.service(c), "spec.ports", f.Since)
	f.Fix = k.fixProtocol(c, s.protocol)
	return f
}

// fixProtocol sets appProtocol; a check of another path needs its HealthCheckPolicy, and
// one that sets the type to HTTP must follow.
func (k *checked) fixProtocol(c cause.Case, protocol string) cause.Fix {
	fix := cause.Fix{
		Summary:  "set appProtocol: " + protocol + " on the Service port; load balancer and check then speak it",
		Commands: []string{fmt.Sprintf(`kubectl patch service %s -n %s -p '{"spec":{"ports":[{"port":%d,"appProtocol":"%s"}]}}'`, k.Service, k.Namespace, k.ServicePort.Port, protocol)},
		Patches: []cause.Patch{{
			File: "Service " + k.Namespace + "/" + k.Service,
			YAML: fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  ports:\n  - port: %d\n    appProtocol: %s\n", k.Service, k.Namespace, k.ServicePort.Port, protocol),
		}},
		Caveat: "the annotations app-protocols and backend-config are the Ingress controller's: a Gateway does not read them",
	}
	get, ok := k.readiness()
	policy, has := glbc.HealthCheckPolicyOf(c.Facts, k.Namespace, k.Service).Get()
	switch {
	case protocol != "HTTPS":
		fix.Summary += "; a gRPC app also needs a HealthCheckPolicy of type GRPC"
	case has && policy.Spec.Default.Config != nil && policy.Spec.Default.Config.Type == "HTTP":
		fix.Summary += "; HealthCheckPolicy " + policy.Name + " must check HTTPS too"
		fix.Commands = append(fix.Commands, fmt.Sprintf(`kubectl patch healthcheckpolicy %s -n %s --type merge -p '{"spec":{"default":{"config":{"type":"HTTPS","httpsHealthCheck":{"requestPath":"%s"},"httpHealthCheck":null}}}}'`, policy.Name, policy.Namespace, k.check.Path))
	case !has && ok && get.Path != "/" && get.Path != "":
		fix.Summary += "; the check is GET / then, so check " + get.Path + " by a HealthCheckPolicy"
		fix.Commands = append(fix.Commands, applyPolicy(k.Namespace, k.Service, "HTTPS", get.Path))
		fix.Patches = append(fix.Patches, policyPatch(k.Namespace, k.Service, "HTTPS", get.Path))
	}
	return fix
}
