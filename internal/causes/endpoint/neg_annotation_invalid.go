package endpoint

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

// An annotation that isn't JSON of the right shape counts as none for GLBC, which falls
// back to instance groups without a word, and stops the NEG controller, which says so on
// the Service only (ingress-controller.md §1.7, neg-annotation-invalid; §1.11.7).
var negAnnotationInvalid = cause.Cause{
	ID:       "endpoint/neg-annotation-invalid",
	Title:    "The NEG annotation of the Service can't be read",
	Needs:    members,
	Explains: append([]cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, "ingress/service-type-needs-neg", "endpoint/neg-stale", "endpoint/neg-not-attached"}, failing...),
	Check:    checkAnnotation,
}

func checkAnnotation(c cause.Case) (out cause.Outcome) {
	valid := 0
	seen := map[string]bool{}
	for _, b := range onPods(c) {
		svc, _ := b.Object.Get()
		r := glbc.NEGRequestOf(svc)
		if r.Valid {
			valid++
		}
		if r.Present && !r.Valid && !seen[svc.Namespace+"/"+svc.Name] {
			seen[svc.Namespace+"/"+svc.Name] = true
			out.Findings = append(out.Findings, unreadable(c, b, svc, r))
		}
	}
	for _, b := range c.Backends() {
		if b.Service != "" && !b.Object.Known() && b.BackendService.Known() {
			out.Undecided = "what Service " + b.Namespace + "/" + b.Service + " asks of the NEG controller: " + b.Object.Err().Error()
		}
	}
	if valid > 0 && len(out.Findings) == 0 && (c.Has(cause.IngressNotProvisioned) || c.Has(cause.ChangeNotApplied)) {
		out.RuledOut = "the NEG annotation can be read"
	}
	return out
}

func unreadable(c cause.Case, b glbc.Backend, svc *corev1.Service, r glbc.NEGRequest) cause.Finding {
	f := about(c, b)
	f.Confidence = cause.Proven
	f.Explains = explained(c, b, "ingress/service-type-needs-neg", "endpoint/neg-stale", "endpoint/neg-not-attached")
	whole(&f)
	refused := glbc.NeedsNEG(svc)
	f.Headline = fmt.Sprintf("The NEG annotation of Service %s/%s can't be read, so GKE falls back to instance groups", svc.Namespace, svc.Name)
	f.Summary = "What isn't JSON of the right shape counts as no annotation: the load balancer goes through the nodes' ports, and nobody says so on the Ingress."
	f.Impact = "requests take the way through node ports, and no NEG of the Service is made or kept"
	if !c.Has(cause.BackendUnhealthy) {
		f.Severity = cause.Latent
	}
	if refused {
		f.On = nil
		f.Headline = fmt.Sprintf("The NEG annotation of Service %s/%s can't be read, and without NEGs GKE can't use the Service", svc.Namespace, svc.Name)
		f.Summary = "What isn't JSON of the right shape counts as no annotation, and a Service without node port has nothing else to be reached by."
		f.Impact = "no change to this Ingress takes effect: hosts, paths and certificates wait with it"
		f.Severity = cause.Blocked
		if c.Has(cause.IngressNotProvisioned) {
			f.Impact = "this Ingress gets no load balancer, its other hosts and paths wait with it"
		}
	}
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "container.services.list", Says: glbc.NEGAnnotation + " = " + shortened(r.Raw), Link: cause.ObjectLink(f.Subject),
	})
	if x, ok := complaining(c, b, "NEG annotation is invalid"); ok {
		f.Evidence, f.Since = append(f.Evidence, x.evidence), began(f, x)
	}
	if bs, ok := b.BackendService.Get(); ok && len(bs.GetBackends()) > 0 && !refused {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "compute.backendServices.list", Says: bs.GetName() + " is what the Service has now", Link: cause.ComputeLink(glbc.Path(bs))})
	}
	if ch := c.Wrote(f.Subject, `metadata.annotations["`+glbc.NEGAnnotation+`"]`); ch != nil && ch.To != nil && *ch.To == r.Raw {
		f.Change = ch
	}
	f.Fix = cause.Fix{
		Summary:  "write the annotation as JSON; the controllers then build the NEGs by themselves",
		Commands: []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite %s='{"ingress":true}'`, svc.Name, svc.Namespace, glbc.NEGAnnotation)},
		Patches:  []cause.Patch{servicePatch(svc, glbc.NEGAnnotation+`: '{"ingress":true}'`, "")},
		Caveat:   "going from instance groups to NEGs makes a new backend service and health check; requests fail for as long as that takes",
	}
	if cluster, ok := c.Facts.Cluster.Get(); ok && !glbc.VPCNative(cluster) && !refused {
		f.Fix = cause.Fix{
			Summary:  "take the annotation away: this cluster is routes-based, and NEGs need a VPC-native one",
			Commands: []string{fmt.Sprintf("kubectl annotate service %s -n %s %s-", svc.Name, svc.Namespace, glbc.NEGAnnotation)},
		}
	}
	if refused {
		f.Fix.Caveat = "set it in the manifest too, or the next apply brings the old one back"
	}
	return f
}
