package endpoint

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

// A key of exposed_ports that is no port of the Service stops the NEG controller for the
// whole Service, other ports included (ingress-controller.md §1.7, neg-exposed-port-missing).
var negExposedPortMissing = cause.Cause{
	ID:       "endpoint/neg-exposed-port-missing",
	Title:    "The NEG annotation exposes a port that the Service doesn't have",
	Needs:    members,
	Explains: append([]cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, "endpoint/neg-stale", "endpoint/neg-not-attached"}, failing...),
	Check:    checkExposed,
}

func checkExposed(c cause.Case) (out cause.Outcome) {
	seen := map[string]bool{}
	for _, b := range onPods(c) {
		svc, _ := b.Object.Get()
		r := glbc.NEGRequestOf(svc)
		var missing []int32
		for port := range r.Exposed {
			if !slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == port }) {
				missing = append(missing, port)
			}
		}
		if len(missing) == 0 || seen[svc.Namespace+"/"+svc.Name] {
			continue
		}
		seen[svc.Namespace+"/"+svc.Name] = true
		slices.Sort(missing)
		out.Findings = append(out.Findings, exposes(c, b, svc, r, missing))
	}
	return out
}

func exposes(c cause.Case, b glbc.Backend, svc *corev1.Service, r glbc.NEGRequest, missing []int32) cause.Finding {
	f := about(c, b)
	f.Confidence = cause.Proven
	f.Explains = explained(c, b, "endpoint/neg-stale", "endpoint/neg-not-attached")
	whole(&f)
	if c.Has(cause.IngressNotProvisioned) {
		f.Impact = "this Ingress gets no load balancer as long as the Service has no NEG"
	} else if f.Impact == "" {
		f.Impact = "no change to the Service's NEGs takes effect, for none of its ports"
	}
	f.Headline = fmt.Sprintf("The NEG annotation of Service %s/%s exposes port %s, which the Service doesn't have", svc.Namespace, svc.Name, portsText(missing))
	f.Summary = "One such port stops the NEG controller for the whole Service; exposed_ports takes the Service's port, not the targetPort."
	var have []int32
	for _, p := range svc.Spec.Ports {
		have = append(have, p.Port)
	}
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "container.services.list", Link: cause.ObjectLink(f.Subject), Says: fmt.Sprintf("%s = %s, and the Service has port %s", glbc.NEGAnnotation, shortened(r.Raw), portsText(have)),
	})
	if x, ok := complaining(c, b, "doesn't exist in the service"); ok {
		f.Evidence, f.Since = append(f.Evidence, x.evidence), began(f, x)
	}
	f.Change = wrote(c, svc, `metadata.annotations["`+glbc.NEGAnnotation+`"]`, r.Raw)
	want := corrected(svc, r)
	f.Fix = cause.Fix{
		Summary:  "expose ports that the Service has",
		Commands: []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite %s='%s'`, svc.Name, svc.Namespace, glbc.NEGAnnotation, want)},
		Patches:  []cause.Patch{servicePatch(svc, glbc.NEGAnnotation+`: '`+want+`'`, "")},
	}
	return f
}

// corrected is the annotation with the ports that there are. Where one port is meant and
// the Service has one, that is it.
func corrected(svc *corev1.Service, r glbc.NEGRequest) string {
	type attributes struct {
		Name string `json:"name,omitempty"`
	}
	want := struct {
		Ingress bool                  `json:"ingress,omitempty"`
		Exposed map[string]attributes `json:"exposed_ports,omitempty"`
	}{Ingress: r.Ingress, Exposed: map[string]attributes{}}
	for port, name := range r.Exposed {
		i := slices.IndexFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool {
			return p.Port == port || len(r.Exposed) == 1 && (len(svc.Spec.Ports) == 1 || p.TargetPort.IntVal == port)
		})
		if i >= 0 {
			want.Exposed[strconv.Itoa(int(svc.Spec.Ports[i].Port))] = attributes{name}
		}
	}
	if r.Ingress {
		for key, a := range want.Exposed {
			if a.Name == "" {
				delete(want.Exposed, key)
			}
		}
	}
	text, err := json.Marshal(want)
	if err != nil {
		return `{"ingress":true}`
	}
	return string(text)
}
