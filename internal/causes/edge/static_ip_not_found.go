package edge

import (
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The controller never reserves an address that is asked for by name, and looks in one
// scope of the cluster's own project (ingress-controller.md §1.5, static-ip-not-found;
// ingress-gce #1151).
var staticIPNotFound = cause.Cause{
	ID:       "edge/static-ip-not-found",
	Title:    "No reserved address has the name that the Ingress asks for",
	Needs:    []facts.Kind{facts.Events, facts.Ingresses, facts.ThirdPartyObjects, facts.Addresses, facts.Cluster},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, "gateway/listener-invalid"},
	Check:    checkNotFound,
}

func checkNotFound(c cause.Case) cause.Outcome {
	if c.Target.Kind == facts.KindGateway {
		return ofGateway(c, func(n glbc.NamedAddress) (cause.Finding, bool) {
			return notFound(c, n.Ref), n.Live.IsAbsent() && n.Elsewhere.IsZero()
		})
	}
	out := cause.Blocker{Code: glbc.StaticIPNotFound, Tell: tellNotFound, RuledOut: notFoundRuledOut(c)}.Check(c)
	if i := slices.IndexFunc(c.Translation().Undecided, func(f glbc.Fault) bool { return f.Code == glbc.StaticIPNotFound }); i >= 0 && !c.Facts.Events.Known() {
		f := c.Translation().Undecided[i]
		out.Undecided = unread(f.Names.Name, f.Err)
	}
	return out
}

func notFoundRuledOut(c cause.Case) string {
	ing, ok := c.Ingress()
	if !ok || glbc.StaticIPName(ing) == "" {
		return ""
	}
	if _, there := glbc.FrontendOf(c.Facts, ing).Address.Get(); !there {
		return ""
	}
	return "the reserved address " + glbc.StaticIPName(ing) + " is there"
}

func tellNotFound(c cause.Case, fault glbc.Fault) cause.Finding {
	return blocked(c, notFound(c, fault.Names))
}

func notFound(c cause.Case, ref facts.Ref) cause.Finding {
	says, field := named(c)
	f := cause.Finding{
		Headline: fmt.Sprintf("No address %s is reserved %s of %s, %s", ref.Name, scopeName(ref.Scope), ref.Project, effect(c)),
		Summary:  "GKE's controller only uses a reserved address that exists in the cluster's own project and in the scope of the class; it never reserves one of that name itself.",
		Fix: cause.Fix{
			Summary:  "reserve the address under this name; the controller then goes on by itself",
			Commands: []string{reserve(c, ref, served(c))},
			Caveat:   "an address of a shared VPC's host project is not found: it must be in " + ref.Project,
		},
	}
	if served(c) != "" {
		f.Fix.Summary = "reserve the address that the Ingress has now under this name, so that nothing changes for clients"
	}
	if says != "" {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Ingresses), Says: says, Link: cause.ObjectLink(c.Target)})
		f.Change = wrote(c, field)
	}
	text := fmt.Sprintf("no address of that name %s of %s, nor in another scope", scopeName(ref.Scope), ref.Project)
	if others := free(c.Facts, ref.Scope); len(others) > 0 {
		text += "; reserved and unused there: " + strings.Join(others[:min(3, len(others))], ", ")
	}
	if !c.Facts.Addresses.Known() {
		text = "the addresses of " + ref.Project + " couldn't be read; the controller says that none of the name is there"
	}
	f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Addresses), Says: text, Link: addressesLink(ref.Project)})
	if gone := c.Deleted(ref); gone != nil {
		f.Change = gone
	}
	return f
}
