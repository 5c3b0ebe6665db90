package gateway

import (
	"fmt"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A ref to another namespace counts only if a ReferenceGrant in that namespace allows it:
// of an HTTPRoute to a Service, of a Gateway's listener to a Secret.
var referenceNotPermitted = cause.Cause{
	ID:       "gateway/reference-not-permitted",
	Title:    "A reference to another namespace has no ReferenceGrant",
	Needs:    []facts.Kind{facts.ThirdPartyObjects},
	Explains: []cause.ID{cause.ChangeNotApplied, cause.IngressNotProvisioned},
	Check:    checkReferences,
}

func checkReferences(c cause.Case) cause.Outcome {
	g, ok := c.Gateway()
	if !ok || !glbc.SurelyServesGateway(c.Facts, g) {
		return cause.Outcome{}
	}
	var out cause.Outcome
	derived := map[facts.Ref]bool{}
	for _, r := range glbc.RefusedRefs(c.Facts, g) {
		derived[r.Route] = true
		out.Findings = append(out.Findings, notPermitted(c, g, r))
	}
	for _, r := range glbc.RefusedRoutes(c.Facts, g) {
		if r.Reason == string(gatewayv1.RouteReasonRefNotPermitted) && !derived[r.On] && !allowed(c, g, r, &out) {
			out.Findings = append(out.Findings, toldNotPermitted(c, g, r))
		}
	}
	for _, r := range glbc.RefusedListeners(c.Facts, g) {
		if r.Reason == string(gatewayv1.ListenerReasonRefNotPermitted) {
			out.Findings = append(out.Findings, secretNotPermitted(c, g, r))
		}
	}
	return out
}

// allowed: the grants were read and allow all refs of the route, so that the controller's
// word is of the time before.
func allowed(c cause.Case, _ *gatewayv1.Gateway, r glbc.Refusal, out *cause.Outcome) bool {
	if !c.Facts.ReferenceGrants.Known() || c.Facts.Now.Sub(r.Since) >= settled {
		return false
	}
	out.Pending = "a ReferenceGrant allows the refs of " + r.On.String() + ", the controller hasn't judged them anew yet"
	return true
}

func notPermitted(c cause.Case, g *gatewayv1.Gateway, r glbc.RefusedRef) cause.Finding {
	route, _ := routeNamed(c.Facts, r.Route)
	if route == nil {
		route = &gatewayv1.HTTPRoute{}
	}
	f := ofRoute(c, g, route, r.Route)
	f.Headline = fmt.Sprintf("HTTPRoute %s/%s may not use Service %s/%s: no ReferenceGrant allows it", r.Route.Namespace, r.Route.Name, r.Namespace, r.Service)
	f.Summary = "A route may use a Service of another namespace only if a ReferenceGrant there allows it; without one the ref leads nowhere."
	f.Evidence = []cause.Evidence{{Source: string(facts.ThirdPartyObjects), Says: grantsSay(c.Facts, r)}}
	if t, ok := told(c.Facts, g, r.Route, gatewayv1.RouteReasonRefNotPermitted); ok {
		f.Evidence, f.Since = append(f.Evidence, condition(t)), t.Since
	}
	f.Change = revoked(c, r.Namespace)
	f.Fix = grant(r.Route.Namespace, facts.KindHTTPRoute, r.Namespace, "", facts.KindService, r.Service)
	return f
}

// grantsSay tells how near the grants of the namespace come.
func grantsSay(s *facts.Snapshot, r glbc.RefusedRef) string {
	text := fmt.Sprintf("namespace %s has no ReferenceGrant", r.Namespace)
	all, _ := s.ReferenceGrants.Get()
	for _, g := range all {
		if g.Namespace != r.Namespace {
			continue
		}
		text = fmt.Sprintf("ReferenceGrant %s/%s allows other things", g.Namespace, g.Name)
		if slices.ContainsFunc(g.Spec.From, func(f gatewayv1.ReferenceGrantFrom) bool { return string(f.Namespace) == r.Route.Namespace }) {
			text = fmt.Sprintf("ReferenceGrant %s/%s names namespace %s, and not HTTPRoutes to Service %s", g.Namespace, g.Name, r.Route.Namespace, r.Service)
		}
	}
	return text + fmt.Sprintf("; HTTPRoute %s/%s leads to Service %s/%s port %d", r.Route.Namespace, r.Route.Name, r.Namespace, r.Service, r.Port)
}

// revoked is who deleted or changed a grant of a namespace last.
func revoked(c cause.Case, namespace string) *cause.Change {
	for _, ch := range c.Changes() {
		if ch.Object.Kind != facts.KindReferenceGrant || ch.Object.Namespace != namespace {
			continue
		}
		if ch.Deleted {
			return c.Deleted(ch.Object)
		}
		return c.Wrote(ch.Object, "spec")
	}
	return nil
}

// toldNotPermitted: the controller says so, and the grants couldn't be read.
func toldNotPermitted(c cause.Case, g *gatewayv1.Gateway, r glbc.Refusal) cause.Finding {
	route, _ := routeNamed(c.Facts, r.On)
	if route == nil {
		route = &gatewayv1.HTTPRoute{}
	}
	f := ofRoute(c, g, route, r.On)
	f.Headline = fmt.Sprintf("A ref of HTTPRoute %s/%s to another namespace is not permitted", r.On.Namespace, r.On.Name)
	f.Summary = "A route may use a Service of another namespace only if a ReferenceGrant there allows it."
	f.Evidence, f.Since = []cause.Evidence{condition(r)}, r.Since
	if c.Facts.ReferenceGrants.Known() {
		f.Confidence = cause.Likely
	}
	for _, b := range refsOf(c.Facts, g) {
		if b.of == r.On && b.namespace != r.On.Namespace {
			f.Fix = grant(r.On.Namespace, facts.KindHTTPRoute, b.namespace, "", facts.KindService, b.name)
		}
	}
	return f
}

func secretNotPermitted(c cause.Case, g *gatewayv1.Gateway, r glbc.Refusal) cause.Finding {
	f := refused(c, g, c.Target)
	f.Headline = fmt.Sprintf("Listener %s of Gateway %s/%s may not use a Secret of another namespace: no ReferenceGrant allows it", r.Listener, g.Namespace, g.Name)
	f.Summary = "A listener may take its certificate from another namespace only if a ReferenceGrant there allows it; without one the listener isn't built."
	f.Evidence, f.Since = []cause.Evidence{condition(r)}, r.Since
	f.Impact = "the listener is not built, and changes to the Gateway wait with it"
	l, _ := listenerNamed(g, r.Listener)
	if l.TLS == nil {
		return f
	}
	for _, ref := range l.TLS.CertificateRefs {
		if ref.Namespace != nil && string(*ref.Namespace) != g.Namespace {
			f.Fix = grant(g.Namespace, facts.KindGateway, string(*ref.Namespace), "", "Secret", string(ref.Name))
			f.Change = revoked(c, string(*ref.Namespace))
		}
	}
	return f
}

// grant makes a ReferenceGrant.
func grant(from, fromKind, namespace, group, kind, name string) cause.Fix {
	grantName := from + "-to-" + name
	return cause.Fix{
		Summary: fmt.Sprintf("allow it with a ReferenceGrant in namespace %s", namespace),
		Commands: []string{fmt.Sprintf(`echo '{"apiVersion":"gateway.networking.k8s.io/v1beta1","kind":"ReferenceGrant","metadata":{"name":"%s","namespace":"%s"},"spec":{"from":[{"group":"gateway.networking.k8s.io","kind":"%s","namespace":"%s"}],"to":[{"group":"%s","kind":"%s","name":"%s"}]}}' | kubectl apply -f -`,
			grantName, namespace, fromKind, from, group, kind, name)},
		Patches: []cause.Patch{{
			File: facts.KindReferenceGrant + " " + namespace + "/" + grantName,
			YAML: fmt.Sprintf("apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  from:\n  - group: gateway.networking.k8s.io\n    kind: %s\n    namespace: %s\n  to:\n  - group: %q\n    kind: %s\n    name: %s\n",
				grantName, namespace, fromKind, from, group, kind, name),
		}},
		Caveat: "it belongs into the namespace that is led to, not into that of the route or Gateway",
	}
}
