package ingress

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A NEG's endpoints are pod addresses of the VPC. In a routes-based cluster pods have
// none, Compute refuses every endpoint, and the NEGs stay empty
// (ingress-controller.md §1.7, attach-failed; cause-catalogue.md).
var negNeedsVPCNative = cause.Cause{
	ID:       "ingress/neg-needs-vpc-native",
	Title:    "NEGs are asked for in a cluster that isn't VPC-native",
	Needs:    []facts.Kind{facts.Cluster, facts.Clusters, facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.NEGEndpoints, facts.Events},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.BackendUnhealthy, cause.PodsNotReadyInNEG, "endpoint/neg-attach-failed"},
	Check:    checkVPCNative,
}

func checkVPCNative(c cause.Case) cause.Outcome {
	ing, ok := c.Ingress()
	cluster, read := c.Facts.Cluster.Get()
	if !ok || !read || !glbc.SurelyServes(c.Facts, ing) {
		return cause.Outcome{}
	}
	if glbc.VPCNative(cluster) {
		if c.Has(cause.IngressNotProvisioned) {
			return cause.Outcome{RuledOut: "the cluster is VPC-native"}
		}
		return cause.Outcome{}
	}
	var out cause.Outcome
	seen := map[string]bool{}
	for _, b := range glbc.Backends(c.Facts, ing) {
		svc, ok := b.Object.Get()
		if !ok || b.ServicePort == nil || seen[b.Service] || !glbc.NEGRequestOf(svc).Ingress {
			continue
		}
		seen[b.Service] = true
		if proof, empty := attached(c, b); empty {
			out.Findings = append(out.Findings, needsVPCNative(c, b, svc, proof))
		}
	}
	return out
}

// attached looks for endpoints in the NEGs of a backend: one that is there shows that
// the cluster takes NEGs. proof is what says that none could be added; it may be that
// there is no NEG yet.
func attached(c cause.Case, b glbc.Backend) (proof cause.Evidence, none bool) {
	for _, e := range c.EventsOf(b.Ref(c.Facts.ClusterName)) {
		if e.Component == glbc.NEGController && e.Type == corev1.EventTypeWarning {
			proof = cause.Evidence{Source: "event " + e.Reason, Says: e.Message, Link: cause.ObjectLink(b.Ref(c.Facts.ClusterName))}
			break
		}
	}
	bs, ok := b.BackendService.Get()
	if !ok {
		return proof, b.BackendService.IsAbsent()
	}
	for _, g := range glbc.GroupsOf(bs) {
		members, read := c.Facts.Endpoints[g.Group].Get()
		health, asked := c.Facts.Health[g].Get()
		if len(members) > 0 || len(health) > 0 || !read && !asked {
			return proof, false
		}
	}
	if proof.Says == "" {
		proof = cause.Evidence{Source: "compute.networkEndpointGroups.listNetworkEndpoints", Says: fmt.Sprintf("no endpoint in the %d NEGs of %s", len(bs.GetBackends()), b.Title())}
	}
	return proof, true
}

func needsVPCNative(c cause.Case, b glbc.Backend, svc *corev1.Service, proof cause.Evidence) cause.Finding {
	ref := b.Ref(c.Facts.ClusterName)
	_, _, name := facts.ClusterParts(c.Facts.ClusterName)
	f := cause.Finding{
		Subject:    ref,
		Confidence: cause.Proven,
		Severity:   cause.Blocked,
		Headline:   fmt.Sprintf("Service %s/%s asks for NEGs, and cluster %s is routes-based, where they stay empty", svc.Namespace, svc.Name, name),
		Summary:    "The endpoints of a NEG are pod addresses that the VPC knows. In a cluster that isn't VPC-native pods have addresses behind routes, and Compute takes none of them.",
		Affected:   naming(c.Facts, ref),
		On:         []facts.Ref{ref},
		Hosts:      b.Hosts,
		Impact:     "no pod of this Service gets a request from the load balancer",
		Evidence: []cause.Evidence{
			{Source: "container.clusters.get", Says: "ipAllocationPolicy.useIpAliases is not true in cluster " + name, Link: cause.ClusterLink(c.Facts.ClusterName)},
			{Source: "container.services.list", Says: ref.String() + " has " + glbc.NEGAnnotation + " = " + glbc.NEGRequestOf(svc).Raw, Link: cause.ObjectLink(ref)},
		},
		Change: c.Wrote(ref, `metadata.annotations["`+glbc.NEGAnnotation+`"]`),
	}
	if proof.Says != "" {
		f.Evidence = append(f.Evidence, proof)
	} else {
		f.Confidence = cause.Likely
	}
	if c.Has(cause.IngressNotProvisioned) {
		f.On = nil
	}
	if c.Has(cause.BackendUnhealthy) {
		f.Severity = cause.Outage
	}
	if f.Change != nil && f.Change.Removed {
		f.Change = nil
	}
	f.Fix = cause.Fix{
		Summary: "make the Service NodePort and take the annotation out: instance groups then lead to the pods",
		Commands: []string{fmt.Sprintf(
			`kubectl patch service %s -n %s --type merge -p '{"metadata":{"annotations":{"%s":null}},"spec":{"type":"NodePort"}}'`, svc.Name, svc.Namespace, glbc.NEGAnnotation,
		)},
		Patches: []cause.Patch{servicePatch(svc, "  annotations: {} # without "+glbc.NEGAnnotation+"\nspec:\n  type: NodePort\n")},
		Caveat:  "a routes-based cluster can't be converted: for NEGs, move to a new VPC-native cluster",
	}
	return f
}
