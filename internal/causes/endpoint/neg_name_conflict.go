package endpoint

import (
	"fmt"
	"strconv"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A NEG with a name of the user's own belongs to one Service port of one cluster: its
// description says which. The controller touches none that says otherwise
// (ingress-controller.md §1.7, neg-name-conflict-other-owner and its neighbours).
var negNameConflict = cause.Cause{
	ID:       "endpoint/neg-name-conflict",
	Title:    "The NEG's name is taken, or can't be used",
	Needs:    append([]facts.Kind{facts.Namespaces}, members...),
	Explains: append([]cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, "endpoint/neg-stale", "endpoint/neg-not-attached"}, failing...),
	Check:    checkNames,
}

// conflicts are the controller's words, and what they come to.
var conflicts = []struct{ text, says string }{
	{"custom neg name cannot be used with ingress enabled", "a name of one's own doesn't go with NEGs for an Ingress"},
	{"found conflicting description", "another cluster, namespace or Service owns the NEG of that name"},
	{"is used by another syncer", "another Service or port of this cluster uses the NEG of that name"},
	{"label mismatch", "another Service of the namespace owns the NEG of that name"},
	{"is likely taken by", "another Service of the namespace owns the NEG of that name"},
	{"with an empty description", "somebody made a NEG of that name, and the controller doesn't touch what it didn't make"},
	{"exceeds 56 characters limit", "the name has more than 56 characters, which is too long where there are several subnetworks"},
}

func checkNames(c cause.Case) (out cause.Outcome) {
	for _, b := range onPods(c) {
		svc, _ := b.Object.Get()
		r := glbc.NEGRequestOf(svc)
		name := r.Exposed[b.ServicePort.Port]
		says, evidence := "", cause.Evidence{}
		if r.Ingress {
			for port, n := range r.Exposed {
				if n != "" {
					name, says = n, conflicts[0].says
					evidence = cause.Evidence{Source: "container.services.list", Says: fmt.Sprintf("%s = %s names the NEG of port %d", glbc.NEGAnnotation, shortened(r.Raw), port)}
				}
			}
		}
		if says == "" {
			says, evidence = owned(c, b, name)
		}
		x, told := complaint{}, false
		for i, conflict := range conflicts {
			if i == 0 && says != conflict.says {
				// The annotation itself shows whether it still is so.
				continue
			}
			if found, ok := complaining(c, b, conflict.text); ok {
				x, told = found, true
				if says == "" {
					says = conflict.says
				}
				break
			}
		}
		if says == "" || svc == nil {
			continue
		}
		out.Findings = append(out.Findings, conflicting(c, b, svc, r, name, says, evidence, x, told))
	}
	return out
}

// owned: a NEG of the wanted name is there, and its description says that it is somebody
// else's, or nothing.
func owned(c cause.Case, b glbc.Backend, name string) (says string, evidence cause.Evidence) {
	uid, identified := c.Facts.ClusterUID.Get()
	all, _ := c.Facts.NEGs.Get()
	for _, neg := range all {
		if name == "" || neg.GetName() != name {
			continue
		}
		d, ok := glbc.ParseNEGDescription(neg.GetDescription())
		e := cause.Evidence{Source: "compute.networkEndpointGroups.list", Says: neg.GetName() + " says of itself: " + orNothing(neg)}
		switch {
		case !ok && neg.GetDescription() == "":
			return conflicts[5].says, e
		case !ok:
		case d.Namespace != b.Namespace || d.Service != b.Service || d.Port != strconv.Itoa(int(b.ServicePort.Port)):
			return fmt.Sprintf("it is the NEG of Service %s/%s, port %s", d.Namespace, d.Service, d.Port), e
		case identified && d.ClusterUID != "" && d.ClusterUID != uid:
			return "it is the NEG of another cluster", e
		}
	}
	return "", cause.Evidence{}
}

func orNothing(neg *computepb.NetworkEndpointGroup) string {
	if neg.GetDescription() == "" {
		return "nothing"
	}
	return shortened(neg.GetDescription())
}

func conflicting(c cause.Case, b glbc.Backend, svc *corev1.Service, r glbc.NEGRequest, name, says string, evidence cause.Evidence, x complaint, told bool) cause.Finding {
	f := about(c, b)
	f.Confidence = cause.Proven
	f.Explains = explained(c, b, "endpoint/neg-stale", "endpoint/neg-not-attached")
	whole(&f)
	f.Headline = fmt.Sprintf("Service %s/%s gets no NEG %q: %s", svc.Namespace, svc.Name, name, says)
	if name == "" {
		f.Headline = fmt.Sprintf("Service %s/%s gets no NEG: %s", svc.Namespace, svc.Name, says)
	}
	f.Summary = "A NEG belongs to one Service port of one cluster, and the controller leaves one alone that is somebody else's."
	if evidence.Says != "" {
		f.Evidence = append(f.Evidence, evidence)
	}
	if told {
		f.Evidence, f.Since = append(f.Evidence, x.evidence), began(f, x)
	}
	if f.Impact == "" {
		f.Impact = "the Service's pods come into no NEG"
	}
	if ch := c.Wrote(f.Subject, `metadata.annotations["`+glbc.NEGAnnotation+`"]`); ch != nil && ch.To != nil && *ch.To == r.Raw {
		f.Change = ch
	}
	want := fmt.Sprintf(`{"exposed_ports":{"%d":{}}}`, b.ServicePort.Port)
	summary := "let the controller choose the name, or take one that is free"
	if r.Ingress {
		want, summary = `{"ingress":true}`, "leave the name away: the NEGs of an Ingress have names of the controller's"
	}
	f.Fix = cause.Fix{
		Summary:  summary,
		Commands: []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite %s='%s'`, svc.Name, svc.Namespace, glbc.NEGAnnotation, want)},
		Patches:  []cause.Patch{servicePatch(svc, glbc.NEGAnnotation+`: '`+want+`'`, "")},
	}
	if !r.Ingress {
		f.Fix.Caveat = "a load balancer of your own that names the NEG must name the new one too"
	}
	return f
}
