package cert

import (
	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// GKE makes a certificate for each ManagedCertificate, and only its own Ingress controller
// attaches it. Another controller's load balancer doesn't end TLS at a proxy of Google's,
// so that the certificate is never issued (ingress-controller.md §1.4, managed-cert).
var managedOnOtherController = cause.Cause{
	ID:       "cert/managed-on-other-controller",
	Title:    "A ManagedCertificate is named on an Ingress of another controller",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.ManagedCertificates, facts.SSLCertificates, facts.ForwardingRules, facts.Namespaces},
	Explains: []cause.ID{cause.CertificateNotActive, "cert/managed-not-attached", "cert/managed-domain-not-visible"},
	Check:    checkOtherController,
}

func checkOtherController(c cause.Case) (out cause.Outcome) {
	ing, ok := c.Ingress()
	class := glbc.Class{}
	if ok {
		class = glbc.ClassOf(ing)
	}
	if !ok || glbc.Serves(c.Facts, ing) || class.Orphan || class.Unsure || class.MultiCluster {
		return out
	}
	for _, ce := range shown(c) {
		if ce.Object.IsZero() || namedElsewhere(c.Facts, ce.Object) {
			continue
		}
		f := ce.told(c, cause.Proven)
		f.Subject, f.Hosts = c.Target, ce.Names
		f.Headline = upper(ce.title()) + " can't be used by Ingress " + ing.Namespace + "/" + ing.Name + ", which another controller serves"
		f.Summary = "Only GKE's Ingress controller attaches a ManagedCertificate; behind another one Google never finds it, and never issues it."
		f.Impact = "the other controller serves https with a certificate of its own, or none"
		f.Evidence = append([]cause.Evidence{
			{Source: string(facts.Ingresses), Says: glbc.WhyNotServed(c.Facts, ing) + ", and annotation " + glbc.ManagedCertsAnnotation + " = " + ing.Annotations[glbc.ManagedCertsAnnotation], Link: cause.ObjectLink(c.Target)},
		}, f.Evidence...)
		if f.Change = named(c, glbc.ManagedCertsAnnotation, ce.Object.Name); f.Change == nil {
			f.Change = c.Wrote(c.Target, annotation(glbc.ClassAnnotation))
		}
		f.Fix = cause.Fix{
			Summary:  "take the annotation off, and let cert-manager make a Secret for this Ingress; or let GKE's controller serve it (class gce)",
			Commands: []string{"kubectl annotate ingress " + ing.Name + " -n " + ing.Namespace + " " + glbc.ManagedCertsAnnotation + "-"},
			Patches:  []cause.Patch{ingressPatch(ing, "  annotations:\n    "+glbc.ManagedCertsAnnotation+": null # remove the annotation\n")},
			Caveat:   "changing the class moves the Ingress to another load balancer, with another address",
		}
		out.Findings = append(out.Findings, f)
	}
	return out
}

// namedElsewhere: an Ingress of GKE's names the ManagedCertificate as well.
func namedElsewhere(s *facts.Snapshot, ref facts.Ref) bool {
	ingresses, _ := s.Ingresses.Get()
	for _, ing := range ingresses {
		if ing.Namespace != ref.Namespace || !glbc.Serves(s, ing) && !glbc.ClassOf(ing).Orphan {
			continue
		}
		named, _ := glbc.ManagedCertificatesOf(s, ing)
		for _, m := range named {
			if m.Ref == ref {
				return true
			}
		}
	}
	return false
}
