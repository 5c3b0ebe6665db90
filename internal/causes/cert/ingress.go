package cert

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// annotate is the command that sets an annotation of an Ingress.
func annotate(ing *networkingv1.Ingress, key, value string) string {
	return "kubectl annotate ingress " + ing.Name + " -n " + ing.Namespace + " --overwrite " + key + "=" + value
}

// ingressPatch is a manifest of an Ingress with what has to change in it.
func ingressPatch(ing *networkingv1.Ingress, rest string) cause.Patch {
	return cause.Patch{
		File: "Ingress " + ing.Namespace + "/" + ing.Name,
		YAML: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + ing.Name + "\n  namespace: " + ing.Namespace + "\n" + rest,
	}
}

// annotation is the path of an annotation among the fields of a write.
func annotation(key string) string { return `metadata.annotations["` + key + `"]` }

// named is who wrote an annotation, where what was written names the object.
func named(c cause.Case, key, name string) *cause.Change {
	ch := c.Wrote(c.Target, annotation(key))
	if ch == nil || ch.To == nil || !slices.ContainsFunc(strings.Split(*ch.To, ","), func(n string) bool { return strings.Trim(n, ` "`) == name }) {
		return nil
	}
	return ch
}

// secretNames are the Secrets of spec.tls, each once.
func secretNames(ing *networkingv1.Ingress) (names []string) {
	for _, t := range ing.Spec.TLS {
		if t.SecretName != "" && !slices.Contains(names, t.SecretName) {
			names = append(names, t.SecretName)
		}
	}
	return names
}

// ofSecret: the controller made the certificate of a Secret (ingress-controller.md §6).
func ofSecret(name string) bool {
	return strings.HasPrefix(name, "k8s2-cr-") || strings.HasPrefix(name, "k8s-ssl-")
}

// secretCommands write a certificate into Secrets, whether they are there or not.
func secretCommands(namespace string, names []string, cert, key string) (list []string) {
	for _, name := range names {
		list = append(list, fmt.Sprintf("kubectl create secret tls %s -n %s --cert=%s --key=%s --dry-run=client -o yaml | kubectl apply -f -", name, namespace, cert, key))
	}
	return list
}

// refused is a finding about what the controller says of the Ingress's certificates, with
// what all those share.
func refused(c cause.Case, ing *networkingv1.Ingress, e cause.ControllerError) cause.Finding {
	f := cause.Finding{
		Subject: c.Target, Confidence: cause.Proven, Severity: cause.Blocked, Affected: []facts.Ref{c.Target}, Hosts: glbc.Hosts(ing), Since: e.Began,
		Evidence: []cause.Evidence{{Source: "event " + e.Reason, Says: e.Message, Link: e.Link}},
		Impact:   "no change to this Ingress takes effect: hosts, paths and certificates wait with it",
	}
	if c.Has(cause.IngressNotProvisioned) {
		f.Impact = "this Ingress gets no load balancer, its other hosts and paths wait with it"
	}
	if says := frontendSays(c, ing); says != "" {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.ForwardingRules), Says: says})
	}
	return f
}

// frontendSays is what the controller built so far: releases differ in whether a missing
// Secret keeps it from building anything, or from building HTTPS (ingress-controller.md
// §1.4); empty where that couldn't be read.
func frontendSays(c cause.Case, ing *networkingv1.Ingress) string {
	f := glbc.FrontendOf(c.Facts, ing)
	_, http := f.HTTP.Get()
	_, https := f.HTTPS.Get()
	switch {
	case http && https:
		return "the forwarding rules for 80 and 443 are there, as built before"
	case http && f.HTTPS.IsAbsent():
		return "there is a forwarding rule for 80 and none for 443: HTTP only"
	case https && f.HTTP.IsAbsent():
		return "there is a forwarding rule for 443, as built before"
	case f.HTTP.IsAbsent() && f.HTTPS.IsAbsent():
		return "there is no forwarding rule at all: neither HTTP nor HTTPS is served"
	}
	return ""
}
