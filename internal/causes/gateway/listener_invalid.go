package gateway

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GKE's controller says of each listener whether it is in conflict with another, whether
// it is accepted, whether what it refers to was found, and whether it was built. One
// listener that can't be built holds back the whole Gateway.
var listenerInvalid = cause.Cause{
	ID:       "gateway/listener-invalid",
	Title:    "The Gateway controller refuses a listener",
	Needs:    []facts.Kind{facts.ThirdPartyObjects, facts.SSLCertificates},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.CertificateNotActive, "cert/pre-shared-not-found"},
	Check:    checkListeners,
}

func checkListeners(c cause.Case) cause.Outcome {
	g, ok := c.Gateway()
	if !ok || !glbc.SurelyServesGateway(c.Facts, g) {
		return cause.Outcome{}
	}
	var out cause.Outcome
	for _, r := range glbc.RefusedListeners(c.Facts, g) {
		if r.Reason != string(gatewayv1.ListenerReasonRefNotPermitted) && !elsewhere(r) {
			out.Findings = append(out.Findings, invalid(c, g, r))
		}
	}
	return out
}

// elsewhere: the message is Compute's, of something that isn't the listener's: quotas,
// permissions, an API that is off. These have causes of their own.
func elsewhere(r glbc.Refusal) bool {
	text := strings.ToLower(r.Message)
	return r.Type == "Programmed" && slices.ContainsFunc([]string{"quota", "permission", "error 403", "forbidden", "ratelimit", "service_disabled", "has not been used", "constraints/"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

func invalid(c cause.Case, g *gatewayv1.Gateway, r glbc.Refusal) cause.Finding {
	f := refused(c, g, c.Target)
	f.Since = r.Since
	what := "Gateway " + g.Namespace + "/" + g.Name
	if r.Listener != "" {
		what = "Listener " + r.Listener + " of Gateway " + g.Namespace + "/" + g.Name
	}
	f.Headline = fmt.Sprintf("%s %s (%s)", what, inWords(r), r.Reason)
	f.Summary = "One listener that can't be built holds back the whole Gateway: its listeners, routes and certificates stay as they were built before, if they were."
	f.Evidence = []cause.Evidence{condition(r)}
	f.Impact = "no change to this Gateway or its routes takes effect"
	if glbc.GatewayAddress(g) == "" {
		f.Impact = "this Gateway gets no load balancer"
	}
	f.Change = broke(c, c.Target, "spec.listeners", r.Since)
	f.Fix = cause.Fix{
		Summary:  "change the listener as the controller's message says",
		Commands: []string{fmt.Sprintf("kubectl describe gateway %s -n %s", g.Name, g.Namespace)},
	}
	if l, ok := listenerNamed(g, r.Listener); ok {
		fixListener(c, g, l, r, &f)
	}
	return f
}

// inWords says what the controller refuses.
func inWords(r glbc.Refusal) string {
	switch r.Type {
	case "Conflicted":
		return "is in conflict with another listener"
	case "ResolvedRefs":
		return "names something that the controller can't use"
	case "Programmed":
		return "can't be built"
	}
	return "is not accepted"
}

func listenerNamed(g *gatewayv1.Gateway, name string) (gatewayv1.Listener, bool) {
	for _, l := range g.Spec.Listeners {
		if string(l.Name) == name {
			return l, true
		}
	}
	return gatewayv1.Listener{}, false
}

// fixListener says what to do about the reasons that the API has.
func fixListener(c cause.Case, g *gatewayv1.Gateway, l gatewayv1.Listener, r glbc.Refusal, f *cause.Finding) {
	switch gatewayv1.ListenerConditionReason(r.Reason) { //nolint:exhaustive // the API grows
	case gatewayv1.ListenerReasonInvalidCertificateRef:
		fixCertificate(c, g, l, f)
	case gatewayv1.ListenerReasonHostnameConflict, gatewayv1.ListenerReasonProtocolConflict:
		twins := conflicting(g, l)
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.ThirdPartyObjects), Says: fmt.Sprintf("port %d has the listeners %s", l.Port, strings.Join(twins, ", "))})
		f.Fix.Summary = fmt.Sprintf("give the listeners %s different hosts or ports, or keep one of them", strings.Join(twins, " and "))
		f.Fix.Commands = []string{fmt.Sprintf("kubectl edit gateway %s -n %s", g.Name, g.Namespace)}
	case gatewayv1.ListenerReasonUnsupportedProtocol:
		f.Fix.Summary = fmt.Sprintf("use HTTP or HTTPS: protocol %s is not supported by class %s", l.Protocol, g.Spec.GatewayClassName)
		f.Fix.Commands = []string{jsonPatch("gateway", c.Target, "replace", fmt.Sprintf("/spec/listeners/%d/protocol", indexOf(g, l)), `"HTTPS"`)}
	case gatewayv1.ListenerReasonInvalidRouteKinds:
		f.Fix.Summary = "let the listener allow HTTPRoutes: GKE serves no other kind"
		f.Fix.Commands = []string{jsonPatch("gateway", c.Target, "replace", fmt.Sprintf("/spec/listeners/%d/allowedRoutes/kinds", indexOf(g, l)), `[{"group":"gateway.networking.k8s.io","kind":"HTTPRoute"}]`)}
	case gatewayv1.ListenerReasonPortUnavailable:
		f.Fix.Summary = fmt.Sprintf("use a port that class %s serves: %d is not one", g.Spec.GatewayClassName, l.Port)
	default:
	}
}

func indexOf(g *gatewayv1.Gateway, l gatewayv1.Listener) int {
	return slices.IndexFunc(g.Spec.Listeners, func(o gatewayv1.Listener) bool { return o.Name == l.Name })
}

// conflicting are the listeners that share a port.
func conflicting(g *gatewayv1.Gateway, l gatewayv1.Listener) (names []string) {
	for _, o := range g.Spec.Listeners {
		if o.Port == l.Port {
			names = append(names, string(o.Name))
		}
	}
	return names
}

const preSharedOption = "networking.gke.io/pre-shared-certs"

// fixCertificate names what the listener takes its certificate from. Secrets are never
// read; of pre-shared certificates it is told which isn't there.
func fixCertificate(c cause.Case, g *gatewayv1.Gateway, l gatewayv1.Listener, f *cause.Finding) {
	if l.TLS == nil {
		return
	}
	var secrets, missing []string
	for _, ref := range l.TLS.CertificateRefs {
		namespace := g.Namespace
		if ref.Namespace != nil {
			namespace = string(*ref.Namespace)
		}
		secrets = append(secrets, namespace+"/"+string(ref.Name))
	}
	class, _ := glbc.GatewayClassOf(c.Facts, g).Get()
	scope := class.Scope(glbc.Region(c.Facts))
	for name := range strings.SplitSeq(string(l.TLS.Options[preSharedOption]), ",") {
		if name = strings.TrimSpace(name); name != "" && !c.Facts.SSLCertificates.Lacks(scope) && !hasCertificate(c.Facts, scope, name) {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) > 0:
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.SSLCertificates), Says: fmt.Sprintf("no sslCertificate %s is %s of %s", strings.Join(missing, ", "), scopeName(scope), c.Facts.Project)})
		f.Fix.Summary = "create the sslCertificate that the listener names, in the scope of its class, or name one that exists"
		f.Fix.Commands = []string{"gcloud compute ssl-certificates list --project " + c.Facts.Project}
	case len(secrets) > 0:
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.ThirdPartyObjects), Says: "the listener takes its certificate from Secret " + strings.Join(secrets, ", ")})
		f.Fix.Summary = "create Secret " + secrets[0] + " of type kubernetes.io/tls with a certificate and its key, or name one that exists"
		namespace, name, _ := strings.Cut(secrets[0], "/")
		f.Fix.Commands = []string{fmt.Sprintf("kubectl get secret %s -n %s -o jsonpath='{.type}'", name, namespace)}
		f.Fix.Caveat = "a Secret without tls.crt and tls.key, or with a key that doesn't fit, is refused in the same way"
	}
}

func hasCertificate(s *facts.Snapshot, scope, name string) bool {
	all, _ := s.SSLCertificates.Get()
	for _, cert := range all {
		if cert.GetName() == name && facts.ScopeOf(cert.GetSelfLink()) == scope {
			return true
		}
	}
	return false
}

func scopeName(scope string) string {
	if region, ok := strings.CutPrefix(scope, "regions/"); ok {
		return "in region " + region
	}
	return "among the global ones"
}
