package cert

import (
	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A FrontendConfig names an SSL policy, and the controller doesn't look whether it is
// there: Compute refuses the target proxy (ingress-controller.md §1.4,
// ssl-policy-missing). A GCPGatewayPolicy does the same for a Gateway.
var sslPolicyNotFound = cause.Cause{
	ID:       "cert/ssl-policy-not-found",
	Title:    "The SSL policy doesn't exist",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.FrontendConfigs, facts.SSLPolicies, facts.Events, facts.ThirdPartyObjects},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.CertificateNotActive},
	Check:    checkSSLPolicy,
}

func checkSSLPolicy(c cause.Case) cause.Outcome {
	if c.Target.Kind == facts.KindGateway {
		return policyOfGateway(c)
	}
	b := cause.Blocker{Code: glbc.SSLPolicyNotFound, Tell: tellSSLPolicy}
	if ing, ok := c.Ingress(); ok && ing.Annotations[glbc.FrontendConfigAnnotation] != "" && c.Facts.FrontendConfigs.Known() {
		b.RuledOut = "the FrontendConfig names no SSL policy that is missing"
	}
	return b.Check(c)
}

func tellSSLPolicy(c cause.Case, f glbc.Fault) cause.Finding {
	told := cause.Finding{
		Headline: "SSL policy " + f.Names.Name + " isn't among the " + inWords(f.Names.Scope) + " ones, " + c.Effect(),
		Summary:  "FrontendConfig " + f.On.Namespace + "/" + f.On.Name + " names an SSL policy that isn't there, and Compute refuses the target HTTPS proxy.",
		Evidence: []cause.Evidence{
			{Source: string(facts.FrontendConfigs), Says: f.On.String() + " has spec.sslPolicy = " + f.Names.Name, Link: cause.ObjectLink(f.On)},
		},
		Change: c.Deleted(f.Names),
	}
	if none := (cause.Evidence{Source: string(facts.SSLPolicies), Says: "no " + inWords(f.Names.Scope) + " SSL policy is called " + f.Names.Name}); f.Err == nil {
		if f.Variant == glbc.OtherScope {
			none.Says += "; there is one in another scope"
		}
		told.Evidence = append(told.Evidence, none)
	}
	if told.Change == nil {
		if ch := c.Wrote(f.On, "spec.sslPolicy"); ch != nil && ch.To != nil && *ch.To == f.Names.Name {
			told.Change = ch
		}
	}
	told.Fix = createPolicy(f.Names)
	told.Fix.Patches = []cause.Patch{{
		File: "FrontendConfig " + f.On.Namespace + "/" + f.On.Name,
		YAML: "apiVersion: networking.gke.io/v1beta1\nkind: FrontendConfig\nmetadata:\n  name: " + f.On.Name + "\n  namespace: " + f.On.Namespace + "\nspec:\n  sslPolicy: \"\" # detaches it; or the name of one that is there\n",
	}}
	return told
}

func createPolicy(missing facts.Ref) cause.Fix {
	return cause.Fix{
		Summary:  "create the policy, or name one that is there; the controller goes on in its next round",
		Commands: []string{"gcloud compute ssl-policies create " + missing.Name + " --project " + missing.Project + flag(missing.Scope) + " --profile MODERN --min-tls-version 1.2"},
		Caveat:   "profile MODERN and TLS 1.2 are a guess: take what the old policy had",
	}
}

// policyOfGateway looks for what the policies that attach to a Gateway name.
func policyOfGateway(c cause.Case) (out cause.Outcome) {
	g, ok := c.Gateway()
	if !ok || !glbc.SurelyServesGateway(c.Facts, g) {
		return out
	}
	scope := glbc.GatewayScope(c.Facts, g)
	policies, _ := c.Facts.GCPGatewayPolicies.Get()
	for _, p := range policies {
		name, t := p.Spec.Default.SSLPolicy, p.Spec.TargetRef
		if name == "" || scope == "" || p.Namespace != g.Namespace || t.Kind != facts.KindGateway || t.Name != g.Name || !glbc.SSLPolicyIn(c.Facts, scope, name).IsAbsent() {
			continue
		}
		missing := facts.Ref{Project: c.Facts.Project, Scope: scope, Kind: facts.KindSSLPolicy, Name: name}
		on := facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindGCPGatewayPolicy, Namespace: p.Namespace, Name: p.Name}
		f := cause.Finding{
			Subject: on, Confidence: cause.Proven, Severity: cause.Blocked, Affected: []facts.Ref{c.Target}, Hosts: glbc.GatewayHosts(c.Facts, g),
			Headline: "SSL policy " + name + " isn't among the " + inWords(scope) + " ones, so GKE no longer updates Gateway " + g.Namespace + "/" + g.Name,
			Summary:  "GCPGatewayPolicy " + p.Namespace + "/" + p.Name + " names an SSL policy that isn't there.",
			Impact:   "no change to this Gateway takes effect",
			Change:   c.Deleted(missing),
			Evidence: []cause.Evidence{
				{Source: string(facts.ThirdPartyObjects), Says: on.String() + " has spec.default.sslPolicy = " + name},
				{Source: string(facts.SSLPolicies), Says: "no " + inWords(scope) + " SSL policy is called " + name},
			},
			Fix: createPolicy(missing),
		}
		out.Findings = append(out.Findings, f)
	}
	return out
}
