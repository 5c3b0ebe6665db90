package cert

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The controller doesn't look whether a certificate that an Ingress names is there: the
// target proxy is refused, and nothing of the Ingress is applied any more
// (ingress-controller.md §1.4, pre-shared-cert-missing). It is looked for among the
// global ones for class gce, in the cluster's region for the regional classes.
var preSharedNotFound = cause.Cause{
	ID:    "cert/pre-shared-not-found",
	Title: "A certificate that is named beforehand doesn't exist where it is looked for",
	Needs: []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.SSLCertificates, facts.Events, facts.ForwardingRules, facts.ManagedCertificates, facts.ThirdPartyObjects},
	Explains: []cause.ID{
		cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.CertificateNotActive,
	},
	Check: checkPreShared,
}

func checkPreShared(c cause.Case) cause.Outcome {
	if c.Target.Kind == facts.KindGateway {
		return preSharedOfGateway(c)
	}
	b := cause.Blocker{Code: glbc.PreSharedNotFound, Tell: tellPreShared}
	if ing, ok := c.Ingress(); ok && ing.Annotations[glbc.PreSharedCertAnnotation] != "" {
		b.RuledOut = "the certificates that the Ingress names are there"
	}
	return b.Check(c)
}

func tellPreShared(c cause.Case, f glbc.Fault) cause.Finding {
	ing, ok := c.Ingress()
	if !ok {
		return cause.Finding{}
	}
	name := f.Names.Name
	told := cause.Finding{
		Headline: "Certificate " + name + " isn't among the " + inWords(f.Names.Scope) + " ones, " + c.Effect(),
		Summary:  "The Ingress names a certificate of Compute that isn't there, and Compute refuses the target proxy.",
		Change:   c.Deleted(f.Names),
	}
	none := cause.Evidence{Source: string(facts.SSLCertificates), Says: "no " + inWords(f.Names.Scope) + " certificate is called " + name}
	if told.Change == nil {
		told.Change = named(c, glbc.PreSharedCertAnnotation, name)
	}
	if f.Variant == glbc.OtherScope {
		told.Headline = "Certificate " + name + " exists, but not among the " + inWords(f.Names.Scope) + " ones, " + c.Effect()
		told.Summary = "Class gce takes global certificates, gce-internal and gce-regional-external those of the cluster's region."
		none.Says += "; there is one in another scope"
	}
	if f.Err == nil {
		told.Evidence = append(told.Evidence, none)
	}
	told.Evidence = append(told.Evidence, cause.Evidence{
		Source: string(facts.Ingresses), Link: cause.ObjectLink(c.Target),
		Says: "annotation " + glbc.PreSharedCertAnnotation + " = " + ing.Annotations[glbc.PreSharedCertAnnotation],
	})
	told.Fix = fixPreShared(c, ing, f)
	return told
}

func inWords(scope string) string {
	if region, ok := strings.CutPrefix(scope, "regions/"); ok {
		return region
	}
	return "global"
}

// fixPreShared names a certificate that is there and good for the hosts, else creates one
// of that name.
func fixPreShared(c cause.Case, ing *networkingv1.Ingress, f glbc.Fault) cause.Fix {
	value := ing.Annotations[glbc.PreSharedCertAnnotation]
	if other := goodFor(c.Facts, f.Names.Scope, glbc.Hosts(ing)); other != "" && !strings.Contains(value, other) {
		value = strings.ReplaceAll(value, f.Names.Name, other)
		return cause.Fix{
			Summary:  "let the Ingress name " + other + ", which is there and good for its hosts",
			Commands: []string{annotate(ing, glbc.PreSharedCertAnnotation, value)},
			Patches:  []cause.Patch{ingressPatch(ing, "  annotations:\n    "+glbc.PreSharedCertAnnotation+": "+value+"\n")},
			Caveat:   "change the manifest too, or the next apply brings the old name back",
		}
	}
	create := "gcloud compute ssl-certificates create " + f.Names.Name + " --project " + f.Names.Project + flag(f.Names.Scope)
	if strings.HasPrefix(f.Names.Scope, "regions/") {
		return cause.Fix{
			Summary:  "create the certificate in the region; the controller takes it up in its next round",
			Commands: []string{create + files},
			Caveat:   "Google-managed certificates of Compute, and so ManagedCertificates, are global only",
		}
	}
	return cause.Fix{
		Summary:  "create the certificate, or take its name out of the annotation; the controller goes on in its next round",
		Commands: []string{create + ofDomains(glbc.Hosts(ing))},
		Caveat:   "that is a Google-managed one; one of your own:" + files,
	}
}

// files are gcloud's flags for a certificate that is uploaded.
const files = " --certificate cert.pem --private-key key.pem"

// ofDomains are gcloud's flags for a managed certificate, where it is known for what.
func ofDomains(names []string) string {
	if len(names) == 0 {
		return files
	}
	return " --domains " + strings.Join(names, ",")
}

// goodFor is a certificate of a scope that works for all of the hosts.
func goodFor(s *facts.Snapshot, scope string, hosts []string) string {
	list, _ := s.SSLCertificates.Get()
	for _, live := range list {
		ref := glbc.ComputeRef(facts.KindCertificate, live.GetSelfLink())
		cert, ok := glbc.CertificateOf(s, ref).Get()
		if ok && ref.Scope == scope && len(hosts) > 0 && !cert.Failing(s.Now) && !slices.ContainsFunc(hosts, func(h string) bool { return !cert.Covers(h) }) {
			return ref.Name
		}
	}
	return ""
}

// preSharedOfGateway looks for what the listeners of a Gateway name.
func preSharedOfGateway(c cause.Case) (out cause.Outcome) {
	g, ok := c.Gateway()
	if !ok || !glbc.SurelyServesGateway(c.Facts, g) {
		return out
	}
	scope := glbc.GatewayScope(c.Facts, g)
	for _, name := range glbc.PreSharedOf(g) {
		if scope == "" || !glbc.SSLCertificateIn(c.Facts, scope, name).IsAbsent() {
			continue
		}
		missing := facts.Ref{Project: c.Facts.Project, Scope: scope, Kind: facts.KindCertificate, Name: name}
		f := cause.Finding{
			Subject: c.Target, Confidence: cause.Proven, Severity: cause.Blocked, Affected: []facts.Ref{c.Target}, Hosts: glbc.GatewayHosts(c.Facts, g),
			Headline: "Certificate " + name + " isn't among the " + inWords(scope) + " ones, so GKE doesn't build the https listener of Gateway " + c.Target.Namespace + "/" + c.Target.Name,
			Summary:  "The listener names a certificate of Compute that isn't there; what was built before keeps serving.",
			Impact:   "no change to this Gateway takes effect",
			Change:   c.Deleted(missing),
			Evidence: []cause.Evidence{{Source: string(facts.SSLCertificates), Says: "no " + inWords(scope) + " certificate is called " + name}},
		}
		if c.Has(cause.IngressNotProvisioned) {
			f.Impact = "the Gateway gets no load balancer"
		}
		for _, l := range g.Status.Listeners {
			for _, cond := range l.Conditions {
				if cond.Status == "False" && strings.Contains(cond.Message, name) {
					f.Evidence = append(f.Evidence, cause.Evidence{Source: "listener " + string(l.Name), Says: cond.Reason + ": " + cond.Message})
				}
			}
		}
		f.Fix = cause.Fix{
			Summary:  "create the certificate, or name one that is there in the listener's option networking.gke.io/pre-shared-certs",
			Commands: []string{"gcloud compute ssl-certificates create " + name + " --project " + c.Facts.Project + flag(scope) + files},
		}
		if scope == "global" {
			f.Fix.Commands[0] = strings.Replace(f.Fix.Commands[0], files, ofDomains(glbc.GatewayHosts(c.Facts, g)), 1)
			f.Fix.Caveat = "that is a Google-managed one; one of your own:" + files
		}
		out.Findings = append(out.Findings, f)
	}
	return out
}
