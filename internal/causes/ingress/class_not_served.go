package ingress

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GLBC looks at the annotation kubernetes.io/ingress.class and, where it is missing, at
// whether spec.ingressClassName is set: then it ignores the Ingress without an event,
// even for `gce`. Changing the class of an Ingress that it served has its load balancer
// deleted (ingress-controller.md §1.1; ingress-gce #1891).
var classNotServed = cause.Cause{
	ID:       "ingress/class-not-served",
	Title:    "GKE's controller ignores the Ingress's class",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.ForwardingRules},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.RequestsFailing},
	Check:    checkClass,
}

func checkClass(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	if !ok {
		return cause.Outcome{}
	}
	class := glbc.ClassIn(c.Facts, ing)
	if class.Served && c.Has(cause.IngressNotProvisioned) {
		return cause.Outcome{RuledOut: class.Because}
	}
	if !glbc.Neglected(c.Facts, ing) {
		return cause.Outcome{}
	}
	if !c.Facts.IngressClasses.Known() {
		return cause.Outcome{Undecided: "whether another controller serves the class " + glbc.ClassName(ing) + ": IngressClasses couldn't be read"}
	}
	return cause.Outcome{Findings: []cause.Finding{notServed(c, ing, class)}}
}

func notServed(c cause.Case, ing *networkingv1.Ingress, class glbc.Class) cause.Finding {
	name := glbc.ClassName(ing)
	inSpec := ing.Annotations[glbc.ClassAnnotation] == ""
	f := cause.Finding{
		Subject:    c.Target,
		Confidence: cause.Proven,
		Severity:   cause.Blocked,
		Affected:   []facts.Ref{c.Target},
		Hosts:      glbc.Hosts(ing),
		Since:      ing.CreationTimestamp.Time,
		Summary:    "GKE's controller goes by the annotation kubernetes.io/ingress.class alone and knows gce and gce-internal; what it ignores gets no event.",
		Evidence:   []cause.Evidence{{Source: "container.ingresses.list", Says: class.Because, Link: cause.ObjectLink(c.Target)}},
		Impact:     "this Ingress gets no load balancer",
	}
	written := "annotation " + glbc.ClassAnnotation + " = " + name
	if inSpec {
		written = "spec.ingressClassName = " + name + " in the annotation's place"
	}
	f.Headline = fmt.Sprintf("Ingress %s/%s has %s, so GKE's controller ignores it", ing.Namespace, ing.Name, written)
	if address := glbc.Address(ing); address != "" {
		f.Severity, f.Impact = cause.Outage, "the load balancer that the Ingress had is deleted: nothing answers at "+address
		f.Headline = fmt.Sprintf("Ingress %s/%s changed to %s, and GKE deleted its load balancer", ing.Namespace, ing.Name, written)
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.forwardingRules.list", Says: "no forwarding rule has the address " + address + " of its status"})
	}
	f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.ingressClasses.list", Says: "no other controller has an IngressClass " + name})
	f.Change = classChange(c, ing, inSpec)
	if f.Change != nil && glbc.Address(ing) != "" {
		f.Since = f.Change.At
	}
	f.Fix = fixClass(ing, inSpec)
	return f
}

// classChange is who set the class, or made the Ingress with it.
func classChange(c cause.Case, ing *networkingv1.Ingress, inSpec bool) *cause.Change {
	name := glbc.ClassName(ing)
	path := `metadata.annotations["` + glbc.ClassAnnotation + `"]`
	if inSpec {
		if ch := c.Wrote(c.Target, path); ch != nil && ch.Removed {
			return ch
		}
		path = "spec.ingressClassName"
	}
	if ch := c.Wrote(c.Target, path); ch != nil && ch.To != nil && *ch.To == name {
		return ch
	}
	return c.WhoWrote(c.Target, name, path)
}

func fixClass(ing *networkingv1.Ingress, inSpec bool) cause.Fix {
	class := glbc.ClassExternal
	if strings.Contains(strings.ToLower(glbc.ClassName(ing)), "internal") {
		class = glbc.ClassInternal
	}
	fix := cause.Fix{
		Summary: "set the annotation to " + class,
		Commands: []string{fmt.Sprintf(
			`kubectl annotate ingress %s -n %s --overwrite %s=%s`, ing.Name, ing.Namespace, glbc.ClassAnnotation, class,
		)},
		Patches: []cause.Patch{{
			File: "Ingress " + ing.Namespace + "/" + ing.Name,
			YAML: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + ing.Name + "\n  namespace: " + ing.Namespace + "\n  annotations:\n    " + glbc.ClassAnnotation + ": " + class + "\n",
		}},
	}
	if inSpec {
		fix.Summary += " and take spec.ingressClassName out: the API refuses new Ingresses that have both"
		fix.Commands = []string{fmt.Sprintf(
			`kubectl patch ingress %s -n %s --type merge -p '{"metadata":{"annotations":{"%s":"%s"}},"spec":{"ingressClassName":null}}'`,
			ing.Name, ing.Namespace, glbc.ClassAnnotation, class,
		)}
		fix.Caveat = "an IngressClass object for gce doesn't help: the controller doesn't read any"
	}
	if glbc.Address(ing) != "" {
		fix.Caveat = "unless a reserved address is named, the new load balancer gets another one, and DNS must follow"
	}
	return fix
}
