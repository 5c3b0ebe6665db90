package edge

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// blocked is what the refused Ingress comes to: where its forwarding rules are gone, since
// the controller deletes the old one before it fails to make the next
// (ingress-controller.md §1.5, ip-flip), nothing answers any more.
func blocked(c cause.Case, f cause.Finding) cause.Finding {
	ing, ok := c.Ingress()
	if !ok || glbc.Address(ing) == "" {
		return f
	}
	built := glbc.FrontendOf(c.Facts, ing)
	if built.HTTP.IsAbsent() && built.HTTPS.IsAbsent() {
		f.Severity = cause.Outage
		f.Impact = "the load balancer lost its forwarding rules, so nothing answers at " + glbc.Address(ing)
	}
	return f
}

// annotated is an annotation of the Ingress as evidence.
func annotated(c cause.Case, keys ...string) cause.Evidence {
	ing, _ := c.Ingress()
	var parts []string
	for _, key := range keys {
		if v, ok := ing.Annotations[key]; ok {
			parts = append(parts, key+" = "+v)
		}
	}
	return cause.Evidence{Source: string(facts.Ingresses), Says: "the Ingress has " + strings.Join(parts, " and "), Link: cause.ObjectLink(c.Target)}
}

// wrote is who gave an annotation of the Ingress its present value; nil where the log
// doesn't tell.
func wrote(c cause.Case, key string) *cause.Change {
	ing, ok := c.Ingress()
	ch := c.Wrote(c.Target, `metadata.annotations["`+key+`"]`)
	if !ok || ch == nil || ch.To == nil || strings.Trim(*ch.To, `"`) != ing.Annotations[key] {
		return nil
	}
	return ch
}

// whichAnnotation is the one that names the address.
func whichAnnotation(ing *networkingv1.Ingress) string {
	if ing.Annotations[glbc.RegionalStaticIPAnnotation] != "" {
		return glbc.RegionalStaticIPAnnotation
	}
	return glbc.GlobalStaticIPAnnotation
}

// scopeFlag is how gcloud is told where an address is.
func scopeFlag(scope string) string {
	if region, ok := strings.CutPrefix(scope, "regions/"); ok {
		return "--region " + region
	}
	return "--global"
}

// scopeName is a scope in words.
func scopeName(scope string) string {
	if region, ok := strings.CutPrefix(scope, "regions/"); ok {
		return "in region " + region
	}
	return "among the global addresses"
}

// addressesLink is the console's page of a project's addresses.
func addressesLink(project string) string {
	return "https://console.cloud.google.com/networking/addresses/list?project=" + project
}

// annotate is the command that sets, or with an empty value removes, an annotation of the
// Ingress.
func annotate(c cause.Case, key, value string) string {
	if value == "" {
		return fmt.Sprintf("kubectl annotate ingress %s -n %s %s-", c.Target.Name, c.Target.Namespace, key)
	}
	return fmt.Sprintf("kubectl annotate ingress %s -n %s --overwrite %s=%s", c.Target.Name, c.Target.Namespace, key, value)
}

// ingressPatch sets annotations in the Ingress's manifest.
func ingressPatch(c cause.Case, annotations ...string) cause.Patch {
	var yaml strings.Builder
	fmt.Fprintf(&yaml, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: %s\n  namespace: %s\n  annotations:\n", c.Target.Name, c.Target.Namespace)
	for _, a := range annotations {
		yaml.WriteString("    " + a + "\n")
	}
	return cause.Patch{File: "Ingress " + c.Target.Namespace + "/" + c.Target.Name, YAML: yaml.String()}
}
