package cert

import (
	"slices"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The annotation names ManagedCertificates of the Ingress's own namespace. One that isn't
// there is passed over: no certificate is made, and nothing of the Ingress fails
// (ingress-controller.md §1.4, managed-cert).
var managedMissing = cause.Cause{
	ID:       "cert/managed-missing",
	Title:    "The Ingress names a ManagedCertificate that doesn't exist",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.ManagedCertificates},
	Explains: []cause.ID{cause.CertificateNotActive, cause.IngressNotProvisioned, cause.ChangeNotApplied, "cert/managed-blocked-by-https-only", "cert/managed-not-attached"},
	Check:    checkManagedMissing,
}

// together is how long objects of one apply may be apart.
const together = 2 * time.Minute

func checkManagedMissing(c cause.Case) (out cause.Outcome) {
	ing, ok := c.Ingress()
	if !ok || !glbc.SurelyServes(c.Facts, ing) {
		return out
	}
	named, names := glbc.ManagedCertificatesOf(c.Facts, ing)
	for _, m := range named {
		if m.Object.IsAbsent() {
			out.Findings = append(out.Findings, missing(c, ing, m.Ref))
		}
	}
	if len(out.Findings) == 0 && names != "" && c.Facts.ManagedCertificates.Known() {
		out.RuledOut = "the ManagedCertificates that the Ingress names are there"
	}
	return out
}

func missing(c cause.Case, ing *networkingv1.Ingress, ref facts.Ref) cause.Finding {
	f := cause.Finding{
		Subject: c.Target, Confidence: cause.Proven, Severity: cause.Blocked, Affected: []facts.Ref{c.Target}, Hosts: glbc.Hosts(ing),
		Headline: "ManagedCertificate " + ref.Namespace + "/" + ref.Name + " doesn't exist, so Ingress " + ing.Namespace + "/" + ing.Name + " gets no certificate of it",
		Summary:  "The annotation means ManagedCertificates of the Ingress's own namespace; one that isn't there is passed over.",
		Impact:   "https isn't served with this certificate",
		Evidence: []cause.Evidence{
			{Source: string(facts.Ingresses), Says: "annotation " + glbc.ManagedCertsAnnotation + " = " + ing.Annotations[glbc.ManagedCertsAnnotation], Link: cause.ObjectLink(c.Target)},
			{Source: string(facts.ManagedCertificates), Says: "namespace " + ing.Namespace + " has no ManagedCertificate " + ref.Name},
		},
		Change: c.Deleted(ref),
		Fix:    fixMissing(c, ing, ref),
		// What else stops the Ingress has its own cause.
		Explains: []cause.ID{cause.CertificateNotActive, "cert/managed-blocked-by-https-only", "cert/managed-not-attached"},
	}
	if f.Change == nil {
		f.Change = named(c, glbc.ManagedCertsAnnotation, ref.Name)
	}
	if f.Change != nil {
		f.Since = f.Change.At
	}
	if !glbc.AllowsHTTP(ing) && !glbc.WantsHTTPS(ing) {
		// Without HTTP it is the only thing that a frontend could be built of.
		f.Explains = nil
		f.Impact = "the Ingress gets no frontend: HTTP is off, and there is no other certificate"
	}
	all, _ := c.Facts.ManagedCertificates.Get()
	for _, m := range all {
		if m.Name == ref.Name && m.Namespace != ing.Namespace {
			f.Evidence[1].Says += "; namespace " + m.Namespace + " has one of that name, which doesn't count"
		}
	}
	if c.Facts.Now.Sub(ing.CreationTimestamp.Time) < together || f.Change != nil && c.Facts.Now.Sub(f.Change.At) < together {
		f.Confidence = cause.Likely
	}
	return f
}

// fixMissing lets the Ingress name one that is there and good for its hosts, else makes
// the one that it names.
func fixMissing(c cause.Case, ing *networkingv1.Ingress, ref facts.Ref) cause.Fix {
	hosts := glbc.Hosts(ing)
	value := ing.Annotations[glbc.ManagedCertsAnnotation]
	list, _ := c.Facts.ManagedCertificates.Get()
	for _, m := range list {
		good := len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h string) bool { return !slices.Contains(m.Spec.Domains, h) })
		if m.Namespace == ing.Namespace && good && !strings.Contains(value, m.Name) {
			value = strings.ReplaceAll(value, ref.Name, m.Name)
			return cause.Fix{
				Summary:  "let the Ingress name " + m.Name + ", which is there and for its hosts",
				Commands: []string{annotate(ing, glbc.ManagedCertsAnnotation, value)},
				Patches:  []cause.Patch{ingressPatch(ing, "  annotations:\n    "+glbc.ManagedCertsAnnotation+": "+value+"\n")},
				Caveat:   "change the manifest too, or the next apply brings the old name back",
			}
		}
	}
	var yaml strings.Builder
	yaml.WriteString("apiVersion: networking.gke.io/v1\nkind: ManagedCertificate\nmetadata:\n  name: " + ref.Name + "\n  namespace: " + ing.Namespace + "\nspec:\n  domains:\n")
	for _, h := range hosts {
		yaml.WriteString("  - " + h + "\n")
	}
	return cause.Fix{
		Summary:  "create the ManagedCertificate in namespace " + ing.Namespace + ", or let the annotation name one of those that are there",
		Commands: []string{"kubectl get managedcertificates -n " + ing.Namespace},
		Patches:  []cause.Patch{{File: "ManagedCertificate " + ing.Namespace + "/" + ref.Name, YAML: yaml.String()}},
		Caveat:   "once it is there, Google takes up to an hour to issue it",
	}
}
