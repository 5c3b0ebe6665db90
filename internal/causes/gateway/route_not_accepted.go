package gateway

import (
	"fmt"
	"slices"
	"strings"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A route is attached when a listener that its parentRef names is for its namespace, its
// kind and one of its hosts; else its hosts and paths simply aren't in the load balancer.
var routeNotAccepted = cause.Cause{
	ID:       "gateway/route-not-accepted",
	Title:    "No listener of the Gateway takes the HTTPRoute",
	Needs:    []facts.Kind{facts.ThirdPartyObjects},
	Explains: []cause.ID{cause.ChangeNotApplied},
	Check:    checkRoutes,
}

// unjudged is how long the controller may take to judge a new route.
const unjudged = 10 * time.Minute

func checkRoutes(c cause.Case) cause.Outcome {
	g, ok := c.Gateway()
	if !ok || !glbc.SurelyServesGateway(c.Facts, g) {
		return cause.Outcome{}
	}
	var out cause.Outcome
	told := map[facts.Ref]bool{}
	for _, r := range glbc.RefusedRoutes(c.Facts, g) {
		if r.Type != string(gatewayv1.RouteConditionAccepted) {
			continue
		}
		told[r.On] = true
		f := unattached(c, g, r.On, r.Listener, r.Reason)
		f.Since = r.Since
		f.Evidence = append([]cause.Evidence{condition(r)}, f.Evidence...)
		f.Change = broke(c, r.On, "spec", r.Since)
		if f.Change == nil {
			f.Change = broke(c, c.Target, "spec.listeners", r.Since)
		}
		out.Findings = append(out.Findings, f)
	}
	routes, _ := glbc.RoutesOf(c.Facts, g)
	for _, u := range glbc.UnattachedRoutes(c.Facts, g) {
		if told[u.Route] || slices.ContainsFunc(routes, func(r glbc.Route) bool {
			return r.Object.Namespace == u.Route.Namespace && r.Object.Name == u.Route.Name
		}) {
			continue
		}
		if c.Facts.Now.Sub(u.Created) < unjudged {
			out.Pending = "HTTPRoute " + u.Route.Namespace + "/" + u.Route.Name + " is new, the controller hasn't judged it yet"
			continue
		}
		f := unattached(c, g, u.Route, u.Listener, u.Reason)
		f.Confidence = cause.Likely
		out.Findings = append(out.Findings, f)
	}
	return out
}

func unattached(c cause.Case, g *gatewayv1.Gateway, ref facts.Ref, section, reason string) cause.Finding {
	f := refused(c, g, ref)
	f.Headline = fmt.Sprintf("HTTPRoute %s/%s is not attached to Gateway %s/%s (%s)", ref.Namespace, ref.Name, g.Namespace, g.Name, reason)
	f.Summary = "A route that no listener takes is not in the load balancer: requests for its hosts and paths are answered as if it weren't there."
	f.Impact = "the hosts and paths of the route are not served"
	f.Severity = cause.Outage
	route, ok := routeNamed(c.Facts, ref)
	if !ok {
		return f
	}
	f.Hosts = hostsOf(route)
	for _, u := range glbc.UnattachedRoutes(c.Facts, g) {
		if u.Route == ref && u.Listener == section {
			f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.ThirdPartyObjects), Says: u.Says})
		}
	}
	f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.ThirdPartyObjects), Says: "the Gateway's listeners: " + listenersSay(g)})
	f.Fix = fixRoute(g, route, ref, section, reason)
	return f
}

// listenersSay is what each listener takes.
func listenersSay(g *gatewayv1.Gateway) string {
	var parts []string
	for _, l := range g.Spec.Listeners {
		text := fmt.Sprintf("%s (%s %d", l.Name, l.Protocol, l.Port)
		if h := deref(l.Hostname); h != "" {
			text += ", host " + h
		}
		parts = append(parts, text+", namespaces "+from(l)+")")
	}
	return strings.Join(parts, "; ")
}

func from(l gatewayv1.Listener) string {
	if l.AllowedRoutes == nil || l.AllowedRoutes.Namespaces == nil || l.AllowedRoutes.Namespaces.From == nil {
		return string(gatewayv1.NamespacesFromSame)
	}
	return string(*l.AllowedRoutes.Namespaces.From)
}

func fixRoute(g *gatewayv1.Gateway, route *gatewayv1.HTTPRoute, ref facts.Ref, section, reason string) cause.Fix {
	gateway := facts.Ref{Namespace: g.Namespace, Name: g.Name}
	i := max(0, slices.IndexFunc(g.Spec.Listeners, func(l gatewayv1.Listener) bool { return section == "" || string(l.Name) == section }))
	switch gatewayv1.RouteConditionReason(reason) { //nolint:exhaustive // the API grows
	case gatewayv1.RouteReasonNotAllowedByListeners:
		l := g.Spec.Listeners[i]
		fix := cause.Fix{
			Summary:  fmt.Sprintf("let listener %s take routes of namespace %s: of all namespaces, or by a label selector; or move the route to namespace %s", l.Name, ref.Namespace, g.Namespace),
			Commands: []string{jsonPatch("gateway", gateway, "add", fmt.Sprintf("/spec/listeners/%d/allowedRoutes/namespaces", i), `{"from":"All"}`)},
			Caveat:   "whoever may write routes in any namespace can then use this Gateway; a selector keeps it to some",
		}
		if l.AllowedRoutes == nil {
			fix.Commands = []string{jsonPatch("gateway", gateway, "add", fmt.Sprintf("/spec/listeners/%d/allowedRoutes", i), `{"namespaces":{"from":"All"}}`)}
		}
		return fix
	case gatewayv1.RouteReasonNoMatchingParent:
		return fixParent(g, route, ref, section)
	case gatewayv1.RouteReasonNoMatchingListenerHostname:
		return cause.Fix{
			Summary:  fmt.Sprintf("make the hosts meet: the route is for %s, the listener for %s; change the one that is wrong", strings.Join(hostsOf(route), ", "), deref(g.Spec.Listeners[i].Hostname)),
			Commands: []string{fmt.Sprintf("kubectl edit httproute %s -n %s", ref.Name, ref.Namespace)},
			Caveat:   "*.acme.example stands for www.acme.example, not for acme.example itself",
		}
	default:
		return cause.Fix{Summary: "change the route as the controller's message says", Commands: []string{fmt.Sprintf("kubectl describe httproute %s -n %s", ref.Name, ref.Namespace)}}
	}
}

// fixParent points a parentRef at a listener that is there: the HTTPS one before others.
func fixParent(g *gatewayv1.Gateway, route *gatewayv1.HTTPRoute, ref facts.Ref, section string) cause.Fix {
	want := string(g.Spec.Listeners[0].Name)
	for _, l := range g.Spec.Listeners {
		if l.Protocol == gatewayv1.HTTPSProtocolType {
			want = string(l.Name)
		}
	}
	i := max(0, slices.IndexFunc(route.Spec.ParentRefs, func(p gatewayv1.ParentReference) bool {
		return string(p.Name) == g.Name && deref(p.SectionName) == section
	}))
	fix := cause.Fix{
		Summary:  fmt.Sprintf("name a listener that the Gateway has, such as %s, in the route's parentRef; without sectionName all listeners are meant", want),
		Commands: []string{jsonPatch("httproute", ref, "replace", fmt.Sprintf("/spec/parentRefs/%d/sectionName", i), `"`+want+`"`)},
	}
	if section == "" {
		fix.Summary = "name a port in the route's parentRef that a listener of the Gateway has, or none"
		fix.Commands = []string{fmt.Sprintf(`kubectl patch httproute %s -n %s --type json -p '[{"op":"remove","path":"/spec/parentRefs/%d/port"}]'`, ref.Name, ref.Namespace, i)}
	}
	return fix
}
