package cert

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Who has managed or pre-shared certificates needs no spec.tls. An entry without a
// Secret's name makes the controller look for the Secret "" and end its sync
// (ingress-controller.md §1.4, tls-entry-without-secret).
var tlsEntryWithoutSecret = cause.Cause{
	ID:    "cert/tls-entry-without-secret",
	Title: "An entry of spec.tls names no Secret",
	Needs: []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.Events},
	Explains: []cause.ID{
		cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.CertificateNotActive,
		"cert/managed-domain-not-visible", "cert/managed-not-attached",
	},
	Check: checkEmptyEntry,
}

func checkEmptyEntry(c cause.Case) cause.Outcome {
	b := cause.Blocker{Code: glbc.TLSEntryWithoutSecret, Tell: tellEmptyEntry}
	if ing, ok := c.Ingress(); ok && len(ing.Spec.TLS) > 0 {
		b.RuledOut = "every entry of spec.tls names a Secret"
	}
	return b.Check(c)
}

func tellEmptyEntry(c cause.Case, f glbc.Fault) cause.Finding {
	ing, ok := c.Ingress()
	if !ok {
		return cause.Finding{}
	}
	told := cause.Finding{
		Headline: "spec.tls of Ingress " + ing.Namespace + "/" + ing.Name + " has an entry without secretName, " + c.Effect(),
		Summary:  "The controller looks for a Secret without a name and ends its sync; managed and pre-shared certificates need no spec.tls.",
		Evidence: []cause.Evidence{{Source: string(facts.Ingresses), Says: f.Field + " is empty", Link: cause.ObjectLink(c.Target)}},
		Change:   c.Wrote(c.Target, "spec.tls"),
	}
	var ops []string
	kept := "  tls:\n"
	for i, v := range slices.Backward(ing.Spec.TLS) {
		if v.SecretName == "" {
			ops = append(ops, fmt.Sprintf(`{"op":"remove","path":"/spec/tls/%d"}`, i))
		}
	}
	for _, t := range ing.Spec.TLS {
		if t.SecretName != "" {
			kept += "  - secretName: " + t.SecretName + "\n"
		}
	}
	if len(ops) == len(ing.Spec.TLS) {
		ops, kept = []string{`{"op":"remove","path":"/spec/tls"}`}, "  tls: null # remove the section\n"
	}
	var list strings.Builder
	for i, op := range ops {
		if i > 0 {
			list.WriteString(",")
		}
		list.WriteString(op)
	}
	told.Fix = cause.Fix{
		Summary:  "remove the entry; the hosts of spec.tls do nothing on GKE",
		Commands: []string{"kubectl patch ingress " + ing.Name + " -n " + ing.Namespace + " --type json -p '[" + list.String() + "]'"},
		Patches:  []cause.Patch{ingressPatch(ing, "spec:\n"+kept)},
		Caveat:   "remove it from the manifest too, or the next apply brings it back",
	}
	return told
}
