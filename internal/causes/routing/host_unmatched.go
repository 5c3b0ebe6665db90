package routing

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// A host that no rule is for goes to the default backend, which answers 404. Scanners ask
// every address for hosts that nobody meant, so it matters only that a host is one that
// the load balancer ought to serve: its certificate is for it, or it is a sibling of one
// that is served (cause-catalogue.md, routing).
var hostUnmatched = cause.Cause{
	ID:       "routing/host-unmatched",
	Title:    "Requests come for a host that no rule is for",
	Needs:    []facts.Kind{facts.TargetHTTPSProxies, facts.Ingresses, facts.ThirdPartyObjects, facts.URLMaps, facts.ForwardingRules, facts.SSLCertificates, facts.ManagedCertificates, facts.Logs},
	Explains: []cause.ID{cause.RequestsFailing},
	Check:    checkHost,
}

// fewVisits to a host may be a scanner's.
const fewVisits = 3

func checkHost(c cause.Case) (out cause.Outcome) {
	served, ok := hostsServed(c)
	if !ok {
		return out
	}
	byHost := map[string][]signal.Signal{}
	var hosts []string
	for _, s := range notFound(c) {
		host := s.Request.Host()
		if host == "" || matchesAny(served, host) || len(c.URLMaps()) > 0 && !unrouted(c, s.Request) {
			continue
		}
		if byHost[host] == nil {
			hosts = append(hosts, host)
		}
		byHost[host] = append(byHost[host], s)
	}
	slices.Sort(hosts)
	for _, host := range hosts {
		if len(byHost[host]) < fewVisits {
			continue
		}
		meant := whyMeant(c, served, host)
		switch {
		case meant.says == "":
		case len(c.URLMaps()) == 0:
			out.Undecided = "whether requests for " + host + " are routed: the URL map couldn't be read"
		default:
			out.Findings = append(out.Findings, nobodysHost(c, served, host, meant, byHost[host]))
		}
	}
	return out
}

// hostsServed are the hosts of the target's rules or routes; ok is false where it has
// none, or an Ingress takes any host.
func hostsServed(c cause.Case) (hosts []string, ok bool) {
	if ing, found := c.Ingress(); found && glbc.SurelyServes(c.Facts, ing) {
		for _, r := range ing.Spec.Rules {
			if r.Host == "" && r.HTTP != nil {
				return nil, false
			}
			hosts = append(hosts, strings.ToLower(r.Host))
		}
	}
	if g, found := c.Gateway(); found && c.Facts.HTTPRoutes.Known() {
		// A route for any host may only redirect to https: the URL map that answered tells.
		if _, err := glbc.RoutesOf(c.Facts, g); err != nil {
			return nil, false
		}
		hosts = glbc.GatewayHosts(c.Facts, g)
	}
	return hosts, len(hosts) > 0
}

func matchesAny(patterns []string, host string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glbc.MatchesHost(p, host) })
}

// unrouted: the live URL map, as far as it is known, still sends the request where no
// rule does, and that is what answered.
func unrouted(c cause.Case, r *signal.Request) bool {
	for _, m := range c.URLMaps() {
		if r.URLMap != "" && m.GetName() != r.URLMap {
			continue
		}
		service, known := glbc.ServiceFor(m, r.Host(), r.Path())
		return !known || service == facts.RelativePath(m.GetDefaultService()) && (r.BackendService == "" || facts.LastSegment(service) == r.BackendService)
	}
	return r.BackendService == ""
}

// A meaning is why a host ought to be served.
type meaning struct {
	confidence   cause.Confidence
	source, says string
}

func whyMeant(c cause.Case, served []string, host string) meaning {
	if ing, ok := c.Ingress(); ok {
		for _, t := range ing.Spec.TLS {
			if matchesAny(t.Hosts, host) {
				return meaning{cause.Proven, "container.ingresses.list", "spec.tls names " + host}
			}
		}
		for name := range strings.SplitSeq(ing.Annotations[glbc.ManagedCertsAnnotation], ",") {
			managed, _ := c.Facts.ManagedCertificates.Get()
			for _, m := range managed {
				if m.Namespace == ing.Namespace && m.Name == strings.TrimSpace(name) && matchesAny(m.Spec.Domains, host) {
					return meaning{cause.Proven, "container.managedCertificates.list", "ManagedCertificate " + m.Namespace + "/" + m.Name + " is for " + host}
				}
			}
		}
	}
	for _, cert := range certificates(c) {
		live, ok := cert.Live.Get()
		if ok && matchesAny(slices.Concat(live.GetSubjectAlternativeNames(), live.GetManaged().GetDomains()), host) {
			return meaning{cause.Proven, "compute.sslCertificates.list", "certificate " + cert.Name + " of the load balancer is for " + host}
		}
	}
	for _, s := range served {
		if parent := siblings(s, host); parent != "" {
			if parent == strings.TrimPrefix(s, "*.") {
				return meaning{cause.Likely, "container.ingresses.list", s + ", which is served, is its parent"}
			}
			return meaning{cause.Likely, "container.ingresses.list", s + ", which is served, is of the same domain, " + parent}
		}
	}
	return meaning{}
}

func certificates(c cause.Case) []glbc.FrontendCertificate {
	if ing, ok := c.Ingress(); ok {
		return glbc.FrontendOf(c.Facts, ing).Certificates
	}
	if g, ok := c.Gateway(); ok {
		return glbc.GatewayFrontendOf(c.Facts, g).Certificates
	}
	return nil
}

// siblings is the domain that two hosts have in common, one label above the longer one;
// empty where they have none of two labels.
func siblings(served, host string) string {
	served = strings.TrimPrefix(served, "*.")
	for _, domain := range []string{parentOf(host), host} {
		if strings.Count(domain, ".") >= 1 && (served == domain || parentOf(served) == domain) {
			return domain
		}
	}
	return ""
}

func parentOf(host string) string {
	_, parent, _ := strings.Cut(host, ".")
	return parent
}

func nobodysHost(c cause.Case, served []string, host string, meant meaning, visits []signal.Signal) cause.Finding {
	target := c.Target
	f := cause.Finding{
		Subject: target, Confidence: meant.confidence, Severity: cause.Outage, Affected: []facts.Ref{target}, Hosts: []string{host}, Since: visits[len(visits)-1].At,
		Headline: fmt.Sprintf("No rule of %s is for host %s: its requests get 404", target, host),
		Summary:  "A request whose host no rule is for goes to the default backend, whatever its path.",
		Evidence: []cause.Evidence{
			told(c, visits),
			{Source: meant.source, Says: meant.says},
			{Source: "container.ingresses.list", Says: "the hosts with a rule are " + listOf(served), Link: cause.ObjectLink(target)},
		},
		Impact: fmt.Sprintf("%s for %s answered with 404", requestsIn(len(visits)), host),
	}
	if target.Kind == facts.KindGateway {
		f.Evidence[2].Source = "container.thirdPartyObjects.list"
		f.Headline = fmt.Sprintf("No route of %s is for host %s: its requests get 404", target, host)
		f.Summary = "A request whose host no HTTPRoute is for is answered with 404 by the load balancer."
		f.Fix = toRoute(c, served, host)
	} else {
		f.Fix = toRule(c, host)
	}
	f.Fix.Caveat = "If nobody should serve " + host + ", take its DNS record or link away instead."
	return f
}

// toRule adds a rule for the host like that of the nearest host that is served.
func toRule(c cause.Case, host string) cause.Fix {
	ing, _ := c.Ingress()
	like := ing.Spec.Rules[0]
	for _, r := range ing.Spec.Rules {
		if r.HTTP != nil && siblings(strings.ToLower(r.Host), host) != "" {
			like = r
			break
		}
	}
	fix := cause.Fix{Summary: fmt.Sprintf("Add a rule for %s; this one does what the rule for %s does.", host, like.Host)}
	if like.HTTP == nil {
		return fix
	}
	var paths []string
	for _, p := range like.HTTP.Paths {
		if p.Backend.Service != nil {
			paths = append(paths, pathJSON(p))
		}
	}
	fix.Commands = []string{fmt.Sprintf(
		`kubectl patch ingress %s -n %s --type json -p '[{"op":"add","path":"/spec/rules/-","value":{"host":"%s","http":{"paths":[%s]}}}]'`,
		c.Target.Name, c.Target.Namespace, host, strings.Join(paths, ","),
	)}
	rule := networkingv1.IngressRule{Host: host, IngressRuleValue: like.IngressRuleValue}
	fix.Patches = []cause.Patch{{File: "Ingress " + c.Target.Namespace + "/" + c.Target.Name, YAML: manifest(c.Target) + rulesYAML(append(slices.Clone(ing.Spec.Rules), rule))}}
	return fix
}

// toRoute adds the host to the route of the nearest host that is served.
func toRoute(c cause.Case, served []string, host string) cause.Fix {
	g, _ := c.Gateway()
	routes, _ := glbc.RoutesOf(c.Facts, g)
	for _, r := range routes {
		for _, h := range r.Hosts {
			if siblings(strings.ToLower(h), host) == "" {
				continue
			}
			o := r.Object
			return cause.Fix{
				Summary:  fmt.Sprintf("Add %s to the hostnames of HTTPRoute %s/%s, or give it a route of its own.", host, o.Namespace, o.Name),
				Commands: []string{fmt.Sprintf(`kubectl patch httproute %s -n %s --type json -p '[{"op":"add","path":"/spec/hostnames/-","value":"%s"}]'`, o.Name, o.Namespace, host)},
				Patches: []cause.Patch{{
					File: "HTTPRoute " + o.Namespace + "/" + o.Name,
					YAML: "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: " + o.Name + "\n  namespace: " + o.Namespace + "\nspec:\n  hostnames: [" + strings.Join(append(slices.Clone(r.Hosts), host), ", ") + "]\n",
				}},
			}
		}
	}
	return cause.Fix{Summary: "Attach an HTTPRoute with the hostname " + host + " to the Gateway; it serves " + listOf(served) + " only."}
}
