package cert

import (
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// handedOver is how long the controller of managed certificates may take to write the
// certificate's name on the Ingress.
const handedOver = 10 * time.Minute

// With HTTP off, and a managed certificate that isn't made yet as the only one, there is
// nothing to build a frontend of; and without a frontend the certificate is never issued
// (ingress-controller.md §1.4, all-protocols-disabled and managed-cert).
var managedBlockedByHTTPSOnly = cause.Cause{
	ID:    "cert/managed-blocked-by-https-only",
	Title: "HTTP is off, and the only certificate is a managed one that isn't issued yet",
	Needs: []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.ManagedCertificates, facts.Events},
	Explains: []cause.ID{
		cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.CertificateNotActive,
		"cert/managed-not-attached", "cert/managed-domain-not-visible", "edge/no-protocol-enabled",
	},
	Check: checkHTTPSOnly,
}

func checkHTTPSOnly(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	b := cause.Blocker{
		Code: glbc.NoProtocolEnabled, Tell: tellHTTPSOnly,
		Where: func(f glbc.Fault) bool { return f.Variant == glbc.ManagedPending },
	}
	if ok && glbc.AllowsHTTP(ing) && ing.Annotations[glbc.ManagedCertsAnnotation] != "" {
		b.RuledOut = "HTTP is on"
	}
	out := b.Check(c)
	for i := range out.Findings {
		// The name may come any moment; until then the finding waits for the symptom's grace.
		if ok && c.Facts.Now.Sub(ing.CreationTimestamp.Time) < handedOver {
			out.Findings[i].Confidence = min(out.Findings[i].Confidence, cause.Likely)
		}
	}
	return out
}

func tellHTTPSOnly(c cause.Case, f glbc.Fault) cause.Finding {
	ing, ok := c.Ingress()
	if !ok {
		return cause.Finding{}
	}
	named, names := glbc.ManagedCertificatesOf(c.Facts, ing)
	told := cause.Finding{
		Headline: "HTTP is off and managed certificate " + names + " isn't issued, " + c.Effect(),
		Summary:  "Without HTTP and without a certificate there is no frontend to build, and without a frontend Google never issues the certificate.",
		Evidence: []cause.Evidence{
			{Source: string(facts.Ingresses), Says: "annotation " + f.Field + " = " + ing.Annotations[f.Field], Link: cause.ObjectLink(c.Target)},
		},
	}
	for _, m := range named {
		o, found := m.Object.Get()
		says := m.Ref.String() + " has no status yet"
		switch {
		case !found && !m.Object.IsAbsent():
			continue
		case !found:
			says = m.Ref.String() + " doesn't exist"
		case o.Status.CertificateStatus != "":
			says = m.Ref.String() + " is " + o.Status.CertificateStatus
		}
		told.Evidence = append(told.Evidence, cause.Evidence{Source: string(facts.ManagedCertificates), Says: says})
	}
	if ch := c.Wrote(c.Target, annotation(glbc.AllowHTTPAnnotation)); ch != nil && ch.To != nil && *ch.To == ing.Annotations[glbc.AllowHTTPAnnotation] {
		told.Change = ch
	}
	told.Fix = cause.Fix{
		Summary:  "allow HTTP until the certificate is Active",
		Commands: []string{annotate(ing, glbc.AllowHTTPAnnotation, "true")},
		Patches:  []cause.Patch{ingressPatch(ing, "  annotations:\n    "+glbc.AllowHTTPAnnotation+": \"true\"\n")},
		Caveat:   "afterwards, rather than switch HTTP off again, let a FrontendConfig redirect it to HTTPS: the next new certificate then doesn't block",
	}
	return told
}
