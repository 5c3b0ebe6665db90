package edge

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Without plain HTTP and without a certificate there is nothing to listen for
// (ingress-controller.md §1.4, all-protocols-disabled). With a managed certificate that
// isn't attached yet it is cert/managed-blocked-by-https-only.
var noProtocolEnabled = cause.Cause{
	ID:       "edge/no-protocol-enabled",
	Title:    "HTTP is switched off and no certificate switches HTTPS on",
	Needs:    []facts.Kind{facts.Ingresses},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check: cause.Blocker{
		Code: glbc.NoProtocolEnabled, Where: func(f glbc.Fault) bool { return f.Variant != glbc.ManagedPending },
		Tell: tellNoProtocol,
	}.Check,
}

func tellNoProtocol(c cause.Case, _ glbc.Fault) cause.Finding {
	f := cause.Finding{
		Headline: fmt.Sprintf("Ingress %s/%s forbids HTTP and has no certificate for HTTPS, %s", c.Target.Namespace, c.Target.Name, c.Effect()),
		Summary:  "With allow-http false only HTTPS is left, and HTTPS needs a certificate: in spec.tls, pre-shared or managed. There is none, so no forwarding rule can be made.",
		Evidence: []cause.Evidence{
			annotated(c, glbc.AllowHTTPAnnotation),
			{Source: string(facts.Ingresses), Says: "spec.tls is empty, and neither " + glbc.PreSharedCertAnnotation + " nor " + glbc.ManagedCertsAnnotation + " is set", Link: cause.ObjectLink(c.Target)},
		},
		Change: wrote(c, glbc.AllowHTTPAnnotation),
		Fix: cause.Fix{
			Summary:  "allow HTTP again until the Ingress has a certificate; then switch HTTP off",
			Commands: []string{annotate(c, glbc.AllowHTTPAnnotation, "true")},
			Patches:  []cause.Patch{ingressPatch(c, glbc.AllowHTTPAnnotation+`: "true"`)},
			Caveat:   "a managed certificate can't become active while nothing listens: attach it with HTTP allowed",
		},
	}
	return blocked(c, f)
}
