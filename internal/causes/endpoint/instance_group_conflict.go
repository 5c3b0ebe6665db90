package endpoint

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Compute takes an instance group into several backend services only if their balancing
// modes go together; GLBC tries two and gives up (ingress-controller.md §1.6,
// ig-balancing-conflict).
var instanceGroupConflict = cause.Cause{
	ID:       "endpoint/instance-group-conflict",
	Title:    "The instance group is in another backend service with another balancing mode",
	Needs:    append([]facts.Kind{facts.InstanceGroups, facts.Events, facts.Cluster}, paths...),
	Explains: append([]cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied}, failing...),
	Check:    checkGroups,
}

func checkGroups(c cause.Case) (out cause.Outcome) {
	if _, ingress := c.Ingress(); ingress && !c.Facts.Events.Known() && slices.ContainsFunc(c.Backends(), func(b glbc.Backend) bool {
		bs, ok := b.BackendService.Get()
		return ok && instanceGroups(bs)
	}) {
		out.Undecided = "whether the controller may use the instance groups: events couldn't be read"
	}
	evidence, at, ok := c.Complaint("received errors when updating backend service")
	if !ok {
		evidence, at, ok = c.Complaint("balancing mode")
	}
	if !ok {
		return out
	}
	for _, b := range onPods(c) {
		svc, _ := b.Object.Get()
		if glbc.NEGRequestOf(svc).Ingress {
			continue
		}
		holder, group := holder(c, b)
		f := about(c, b)
		f.Confidence, f.Since, f.Severity = cause.Likely, at.Began, cause.Blocked
		f.Explains = []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied}
		if bs, ok := b.BackendService.Get(); ok && len(bs.GetBackends()) == 0 {
			f.Explains = append(f.Explains, failing...)
		}
		f.On = nil
		f.Headline = fmt.Sprintf("The cluster's instance group is in use with another balancing mode, so Service %s/%s can't have it", b.Namespace, b.Service)
		f.Summary = "Compute allows a group in several backend services only if their balancing modes go together."
		f.Evidence = append(f.Evidence, evidence)
		f.Impact = "no change to this Ingress takes effect: hosts, paths and certificates wait with it"
		if holder != nil {
			mode := group.GetBalancingMode()
			f.Confidence, f.Subject = cause.Proven, glbc.BackendServiceRef(holder)
			f.Headline = fmt.Sprintf("Backend service %s uses the cluster's instance group with mode %s, so Service %s/%s can't have it", holder.GetName(), mode, b.Namespace, b.Service)
			f.Evidence = append(f.Evidence, cause.Evidence{
				Source: "compute.backendServices.list", Link: cause.ComputeLink(glbc.Path(holder)),
				Says: fmt.Sprintf("%s has %s with balancingMode %s; GKE wants RATE", holder.GetName(), facts.LastSegment(group.GetGroup()), mode),
			})
		}
		f.Fix = fixGroup(c, b, holder, group)
		out.Findings = append(out.Findings, f)
		break
	}
	return out
}

// holder is a backend service that has an instance group of the cluster's with another
// mode than GLBC's.
func holder(c cause.Case, b glbc.Backend) (*computepb.BackendService, *computepb.Backend) {
	own, _ := b.BackendService.Get()
	all, _ := c.Facts.BackendServices.Get()
	var groups []string
	for _, bs := range all {
		for _, g := range bs.GetBackends() {
			if glbc.MadeByGKE(bs) && strings.Contains(g.GetGroup(), "/instanceGroups/") {
				groups = append(groups, facts.RelativePath(g.GetGroup()))
			}
		}
	}
	for _, bs := range all {
		if own != nil && glbc.Path(bs) == glbc.Path(own) {
			continue
		}
		for _, g := range bs.GetBackends() {
			path := facts.RelativePath(g.GetGroup())
			clusters := slices.Contains(groups, path) || strings.HasPrefix(facts.LastSegment(path), "k8s-ig--")
			if clusters && strings.Contains(path, "/instanceGroups/") && g.GetBalancingMode() != "" && g.GetBalancingMode() != "RATE" {
				return bs, g
			}
		}
	}
	return nil, nil
}

func fixGroup(c cause.Case, b glbc.Backend, holder *computepb.BackendService, group *computepb.Backend) cause.Fix {
	if cluster, ok := c.Facts.Cluster.Get(); ok && glbc.VPCNative(cluster) {
		svc, _ := b.Object.Get()
		return cause.Fix{
			Summary:  "let the Ingress reach the pods through NEGs, which nobody shares",
			Commands: []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite %s='{"ingress":true}'`, b.Service, b.Namespace, glbc.NEGAnnotation)},
			Patches:  []cause.Patch{servicePatch(svc, glbc.NEGAnnotation+`: '{"ingress":true}'`, "")},
			Caveat:   "detaching the group from the other backend service works too, and ends what that one serves",
		}
	}
	fix := cause.Fix{Summary: "free the cluster's instance groups: NEGs need a VPC-native cluster, and this one isn't known to be"}
	if holder != nil {
		ref := glbc.BackendServiceRef(holder)
		fix.Commands = []string{fmt.Sprintf("gcloud compute backend-services remove-backend %s --project %s %s --instance-group %s --instance-group-zone %s",
			holder.GetName(), c.Facts.Project, scopeFlag(ref.Scope), facts.LastSegment(group.GetGroup()), facts.LastSegment(facts.ScopeOf(group.GetGroup())))}
		fix.Caveat = "what " + holder.GetName() + " serves ends with it: give it instance groups of its own before"
	}
	return fix
}
