package control

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Google Cloud deletes nothing that something else uses. A URL map of somebody's own,
// or one that a deleted cluster left, keeps a backend service or a NEG, and with it the
// Ingress, whose finalizer waits for the deletion (ingress-controller.md §1.6, §1.7).
var resourceLeak = cause.Cause{
	ID:    "control/resource-leak",
	Title: "Something else still uses what the controllers must change or delete",
	Needs: []facts.Kind{
		facts.Ingresses, facts.Services, facts.Events, facts.ThirdPartyObjects, facts.BackendServices, facts.URLMaps, facts.ForwardingRules,
		facts.TargetHTTPProxies, facts.TargetHTTPSProxies,
	},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing},
	Check:    checkLeak,
}

const (
	// deleting is how long GLBC may take to delete a load balancer.
	deleting = 10 * time.Minute
	// collecting: its next try at garbage comes within a quarter of an hour.
	collecting = 20 * time.Minute
)

func checkLeak(c cause.Case) (out cause.Outcome) {
	told := append(complaints(c, inUse), ofServiceNEGs(c)...)
	for _, k := range told {
		if collectionIn(k.object) == "addresses" || races(c, k) {
			continue
		}
		holder, confidence, free := holderOf(c, k)
		if free {
			out.RuledOut = "nothing but its own load balancer uses " + nounOf(k.object) + " any more"
			continue
		}
		out.Findings = append(out.Findings, leakFinding(c, k, holder, confidence))
	}
	ing, ok := c.Ingress()
	if !ok || !terminating(ing) || len(out.Findings) > 0 {
		return out
	}
	if slices.ContainsFunc(ofIngress(c), func(k complaint) bool { return k.kind != inUse }) {
		// The controller says itself what it lacks.
		return out
	}
	if out.RuledOut != "" {
		out.Pending = out.RuledOut + ", so the controller's next try deletes the Ingress"
		return out
	}
	return stuck(c, ing)
}

func terminating(ing *networkingv1.Ingress) bool {
	return ing.DeletionTimestamp != nil && (slices.Contains(ing.Finalizers, glbc.FinalizerV1) || slices.Contains(ing.Finalizers, glbc.FinalizerV2))
}

// holderOf is what holds the object of an error: what the live objects show goes before
// what the error says. free: surely nothing does any more.
func holderOf(c cause.Case, k complaint) (holder string, confidence cause.Confidence, free bool) {
	if k.object == "" {
		return k.holder, cause.Possible, false
	}
	live, known := holdersOf(c.Facts, k.object)
	others := foreign(c, live)
	switch {
	case k.holder != "" && slices.ContainsFunc(live, func(h string) bool { return facts.ScopePath(h) == facts.ScopePath(k.holder) }):
		return k.holder, cause.Proven, false
	case len(others) > 0:
		return others[0], cause.Proven, false
	case known && (len(live) == 0 || tellsOwn(c)):
		return "", 0, true
	}
	return k.holder, cause.Likely, false
}

// races: the holder is the target's own, or of a Service that is there: the controllers
// take these out of the way themselves. An address in use is a matter of addresses.
func races(c cause.Case, k complaint) bool {
	name := facts.LastSegment(k.holder)
	owner, ok := glbc.OwnerOf(c.Facts, name)
	if n, made := glbc.ParseName(name); !ok && made && (n.Kind == glbc.NameServicePort || n.Kind == glbc.NameNodePort) {
		return !c.Facts.Services.Known()
	}
	return ok && (owner == c.Target || owner.Kind == facts.KindService)
}

// tellsOwn: what is needed was read to tell objects of this cluster's by their names.
func tellsOwn(c cause.Case) bool { return c.Facts.ClusterUID.Known() && c.Facts.Ingresses.Known() }

// foreign are the holders that surely aren't live objects of GKE's controllers in this
// cluster: those share backend services and NEGs with one another, and let go in time.
func foreign(c cause.Case, holders []string) []string {
	uid, _ := c.Facts.ClusterUID.Get()
	return slices.DeleteFunc(slices.Clone(holders), func(h string) bool {
		name := facts.LastSegment(h)
		if strings.HasPrefix(name, "gkegw1-") {
			return true
		}
		n, made := glbc.ParseName(name)
		if !made || n.ForeignTo(uid, glbc.IngressUID(c.Facts)) {
			return false
		}
		_, lives := glbc.OwnerOf(c.Facts, name)
		// Only newer names of frontends carry what was read; the others may be live.
		return lives || !tellsOwn(c) || n.ClusterHash == ""
	})
}

func leakFinding(c cause.Case, k complaint, holder string, confidence cause.Confidence) cause.Finding {
	f := heldBack(c, []complaint{k}, func(r refusal) bool { return r.kind == inUse && r.object == k.object })
	f.Confidence, f.Severity = confidence, cause.Blocked
	f.Explains = []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing}
	f.Summary = "Google Cloud deletes and changes nothing that something else still uses, and the controllers try again for ever."
	if holder == "" {
		f.Subject = k.on
		f.Headline = "Something still uses what " + c.Target.String() + " must give up, " + effect(c, []complaint{k})
		f.Fix = cause.Fix{Summary: "find what the error names and take it out of use; the controllers then go on by themselves"}
		return f
	}
	return heldFinding(c, f, k.object, holder)
}

// heldFinding names the holder.
func heldFinding(c cause.Case, f cause.Finding, object, holder string) cause.Finding {
	f.Subject = refOf(holder)
	f.Headline = sentence(nounOf(holder)) + " still uses " + nounOf(object) + ", " + effect(c, nil)
	source := cause.Evidence{Source: "the error", Says: nounOf(holder) + " is " + madeBy(c, holder)}
	if live, _ := holdersOf(c.Facts, object); slices.ContainsFunc(live, func(h string) bool { return facts.ScopePath(h) == facts.ScopePath(holder) }) {
		source = cause.Evidence{Source: "compute." + collectionIn(holder) + ".list", Says: nounOf(holder) + ", " + madeBy(c, holder) + ", uses it"}
	}
	f.Evidence = append(f.Evidence, source)
	f.Fix = cause.Fix{
		Summary:  "take " + nounOf(object) + " out of " + nounOf(holder) + ", or delete that if nobody needs it; the controllers then go on by themselves",
		Commands: letGo(c.Facts, object, holder),
	}
	if ing, ok := c.Ingress(); ok && terminating(ing) {
		f.Fix.Caveat = "removing the finalizer by hand ends the wait and leaves the load balancer's parts behind, where they cost money and quota"
	}
	return f
}

// stuck judges an Ingress that is being deleted, without any error that says what holds
// it: the live objects may tell.
func stuck(c cause.Case, ing *networkingv1.Ingress) cause.Outcome {
	since := ing.DeletionTimestamp.Time
	took := c.Facts.Now.Sub(since)
	if took < deleting {
		return cause.Outcome{Pending: "the Ingress is being deleted"}
	}
	f := cause.Finding{
		Confidence: cause.Likely, Severity: cause.Blocked, Affected: []facts.Ref{c.Target}, Hosts: glbc.Hosts(ing), Since: since,
		Impact:   "the load balancer stays and goes on serving, with nobody who updates it",
		Summary:  "GKE's controller takes its finalizer away only when all that it made is deleted.",
		Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing},
		Evidence: []cause.Evidence{{
			Source: "container.ingresses.list", Link: cause.ObjectLink(c.Target),
			Says: fmt.Sprintf("%s is Terminating since %s and has the finalizer of GKE's controller", c.Target, since.UTC().Format("2006-01-02 15:04 UTC")),
		}},
	}
	f.Evidence = append(f.Evidence, garbage(c)...)
	for _, object := range partsOf(c, ing) {
		live, _ := holdersOf(c.Facts, object)
		if others := foreign(c, live); len(others) > 0 {
			return cause.Outcome{Findings: []cause.Finding{heldFinding(c, f, object, others[0])}}
		}
	}
	if len(f.Evidence) == 1 {
		return cause.Outcome{Undecided: fmt.Sprintf("what keeps %s from being deleted for %d min: no event and no object tells", c.Target, int(took/time.Minute))}
	}
	f.Subject = c.Target
	f.Headline = fmt.Sprintf("%s is stuck in deletion: GKE's controller fails to delete its load balancer", c.Target)
	f.Fix = cause.Fix{Summary: "put right what the controller's event says; it then finishes the deletion by itself", Caveat: "removing the finalizer by hand leaves the load balancer's parts behind, where they cost money and quota"}
	f.Fix.Commands = []string{kubectlDescribe(c.Target)}
	return cause.Outcome{Findings: []cause.Finding{f}}
}

func kubectlDescribe(r facts.Ref) string {
	return "kubectl describe ingress " + r.Name + " -n " + r.Namespace
}

// garbage are the controller's own words on what it fails to delete, whatever they are.
func garbage(c cause.Case) (list []cause.Evidence) {
	for _, e := range c.EventsOf(c.Target) {
		if e.Component == glbc.Controller && e.Type == corev1.EventTypeWarning && e.Reason == garbageCollection && c.Facts.Now.Sub(e.At) < collecting {
			list = append(list, cause.Evidence{Source: "event " + e.Reason, Says: e.Message, Link: cause.ObjectLink(c.Target)})
		}
	}
	return list
}

// partsOf are the objects that GLBC made for an Ingress, as far as they live, in the
// order of a request.
func partsOf(c cause.Case, ing *networkingv1.Ingress) (paths []string) {
	front := glbc.FrontendOf(c.Facts, ing)
	if p, ok := front.HTTPProxy.Get(); ok {
		paths = append(paths, facts.RelativePath(p.GetSelfLink()))
	}
	if p, ok := front.HTTPSProxy.Get(); ok {
		paths = append(paths, facts.RelativePath(p.GetSelfLink()))
	}
	if m, ok := front.URLMap.Get(); ok {
		paths = append(paths, facts.RelativePath(m.GetSelfLink()))
	}
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		if !ok {
			continue
		}
		paths = append(paths, glbc.Path(bs))
		for _, g := range bs.GetBackends() {
			paths = append(paths, facts.RelativePath(g.GetGroup()))
		}
	}
	return paths
}

// ofServiceNEGs are the NEG controller's errors on the NEGs that it must delete, which
// it writes on an object of the NEG's name: those of a target that goes away, and those
// behind its backends.
func ofServiceNEGs(c cause.Case) (list []complaint) {
	ing, ok := c.Ingress()
	events, _ := c.Facts.Events.Get()
	for _, e := range events {
		o := e.InvolvedObject
		ref := facts.Ref{Cluster: c.Facts.ClusterName, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
		if o.Kind != facts.KindServiceNEG || o.Namespace != c.Target.Namespace || e.Type != corev1.EventTypeWarning ||
			c.Facts.Now.Sub(facts.EventTime(e)) >= collecting || !behind(c, o.Name) && (!ok || !terminating(ing)) {
			continue
		}
		for _, r := range refusalsIn(e.Message) {
			if k := (complaint{refusal: r, on: ref, reason: e.Reason, began: facts.EventBegan(e), at: facts.EventTime(e)}); r.kind == inUse {
				list = append(list, k)
			}
		}
	}
	return list
}

// behind: a NEG of this name is in a backend service of the target.
func behind(c cause.Case, neg string) bool {
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		if ok && slices.ContainsFunc(glbc.GroupsOf(bs), func(g facts.BackendGroup) bool { return strings.HasSuffix(g.Group, "/networkEndpointGroups/"+neg) }) {
			return true
		}
	}
	return false
}
