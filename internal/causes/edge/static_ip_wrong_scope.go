package edge

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The class decides in which scope the controller looks, whichever annotation names the
// address (ingress-controller.md §1.5; kelseyhightower/ingress-with-static-ip #2).
var staticIPWrongScope = cause.Cause{
	ID:       "edge/static-ip-wrong-scope",
	Title:    "The reserved address is regional where a global one is needed, or the reverse",
	Needs:    []facts.Kind{facts.Ingresses, facts.ThirdPartyObjects, facts.Addresses, facts.Cluster},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, "gateway/listener-invalid"},
	Check:    checkWrongScope,
}

func checkWrongScope(c cause.Case) cause.Outcome {
	if c.Target.Kind == facts.KindGateway {
		return ofGateway(c, func(n glbc.NamedAddress) (cause.Finding, bool) {
			return wrongScope(c, n.Elsewhere, n.Ref.Scope), n.Live.IsAbsent() && !n.Elsewhere.IsZero()
		})
	}
	ruledOut := notFoundRuledOut(c)
	if ruledOut != "" {
		ruledOut += " in the scope of the class"
	}
	return cause.Blocker{Code: glbc.StaticIPWrongScope, Tell: tellWrongScope, RuledOut: ruledOut}.Check(c)
}

func tellWrongScope(c cause.Case, fault glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	return blocked(c, wrongScope(c, fault.Names, glbc.ClassOf(ing).Scope(glbc.Region(c.Facts))))
}

// wrongScope: the address is at have, and is looked for in the scope want.
func wrongScope(c cause.Case, have facts.Ref, want string) cause.Finding {
	says, field := named(c)
	wanted := facts.Ref{Project: have.Project, Scope: want, Kind: facts.KindAddress, Name: have.Name}
	sort, class := "global", "an external Ingress"
	if want != "global" {
		sort, class = "regional", "an internal or regional Ingress"
	}
	if c.Target.Kind == facts.KindGateway {
		g, _ := c.Gateway()
		class = "class " + string(g.Spec.GatewayClassName)
	}
	f := cause.Finding{
		Headline: fmt.Sprintf("Address %s is %s, this %s looks for it %s, %s", have.Name, whereIs(have.Scope), c.Target.Kind, scopeName(want), effect(c)),
		Summary:  fmt.Sprintf("The class decides where the controller looks, not the annotation: %s takes %s addresses only.", class, sort),
		Fix: cause.Fix{
			Summary:  fmt.Sprintf("reserve a %s address of the same name; it is another IP address, so change DNS to it", sort),
			Commands: []string{reserve(c, wanted, ""), fmt.Sprintf("gcloud compute addresses describe %s --project %s %s --format 'value(address)'", wanted.Name, wanted.Project, scopeFlag(want))},
			Caveat:   fmt.Sprintf("an address can't be moved between scopes; using the other annotation does not help; in Terraform it is %s", terraform(want)),
		},
	}
	if says != "" {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Ingresses), Says: says, Link: cause.ObjectLink(c.Target)})
		f.Change = wrote(c, field)
	}
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: string(facts.Addresses), Link: addressesLink(have.Project),
		Says: fmt.Sprintf("%s is %s; none of that name is %s", have.Name, whereIs(have.Scope), scopeName(want)),
	})
	return f
}

func terraform(scope string) string {
	if scope == "global" {
		return "google_compute_global_address"
	}
	return "google_compute_address"
}

// whereIs is an address's scope in words.
func whereIs(scope string) string {
	if scope == "global" {
		return "global"
	}
	return "regional (" + facts.LastSegment(scope) + ")"
}
