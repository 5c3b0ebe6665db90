package cause

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// An Ailing is a Backend of a cluster that doesn't serve as it should: endpoints that
// the check calls UNHEALTHY, or groups in which there is none.
type Ailing struct {
	glbc.Backend
	All, Bad []glbc.Endpoint
	// Empty: no group has an endpoint, though there should be some.
	Empty bool
	// Pods are those that the Service selects, whatever state they are in; PodsErr is
	// why there may be others.
	Pods    []*corev1.Pod
	PodsErr error
	// Since is when it began, as far as the log tells.
	Since time.Time
}

// Ailing lists the target's Backends that show symptom/backend-unhealthy.
func (c Case) Ailing() []Ailing {
	var list []Ailing
	for _, b := range c.Backends() {
		shown := c.showing(b)
		if b.Service == "" || shown == nil {
			continue
		}
		a := Ailing{Backend: b, Since: shown.Since}
		a.All, a.Bad = glbc.FailingEndpoints(c.Facts, b, c.LoggedUnhealthy())
		a.Empty = len(a.All) == 0
		if len(a.Bad) == 0 && !a.Empty {
			continue
		}
		a.Pods, a.PodsErr = glbc.PodsOf(c.Facts, b)
		list = append(list, a)
	}
	return list
}

// showing is the symptom of a Backend; nil without one.
func (c Case) showing(b glbc.Backend) *Symptom {
	bs, _ := b.BackendService.Get()
	ref := b.Ref(c.Facts.ClusterName)
	for i, s := range c.Symptoms {
		if s.ID == BackendUnhealthy && slices.Contains(s.Objects, ref) && s.Subject.Name == bs.GetName() {
			return &c.Symptoms[i]
		}
	}
	return nil
}

// Nodes reports that the failing endpoints are nodes, behind which any pod may be.
func (a Ailing) Nodes() bool {
	return slices.ContainsFunc(a.Bad, func(e glbc.Endpoint) bool { return e.Node })
}

// Behind are the pods that decide: those of a NEG's failing endpoints; all that live,
// where nodes fail or no endpoint is there. others counts failing endpoints without.
func (a Ailing) Behind() (pods []*corev1.Pod, others int) {
	if a.Empty || a.Nodes() {
		return a.Live(), 0
	}
	for _, e := range a.Bad {
		if e.Pod == nil {
			others++
			continue
		}
		pods = append(pods, e.Pod)
	}
	return pods, others
}

// Live are the pods that are neither leaving nor at their end.
func (a Ailing) Live() []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(a.Pods), func(p *corev1.Pod) bool { return !glbc.Lives(p) })
}

// Finding fills in what all findings about one Backend share: whom it is about, who
// suffers and how much, since when.
func (a Ailing) Finding(c Case) Finding {
	f := Finding{
		On:       []facts.Ref{a.Ref(c.Facts.ClusterName)},
		Affected: c.Users(a.Backend),
		Hosts:    a.Hosts,
		Since:    a.Since,
		Severity: Degraded,
		Impact:   fmt.Sprintf("%d of %d endpoints unhealthy", len(a.Bad), len(a.All)),
	}
	if a.Empty {
		f.Impact = "no endpoint to send requests to"
	}
	if !slices.ContainsFunc(a.All, glbc.Endpoint.Healthy) {
		f.Severity = Outage
		f.Impact += ", so the load balancer answers 502 or 503 for this Service"
	}
	return f
}

// Health is what the load balancer says of the endpoints, as evidence.
func (a Ailing) Health() Evidence {
	bs, _ := a.BackendService.Get()
	e := Evidence{
		Source: "compute.backendServices.getHealth", Link: ComputeLink(glbc.Path(bs)),
		Says: fmt.Sprintf("%s: %d of %d endpoints UNHEALTHY", bs.GetName(), len(a.Bad), len(a.All)),
	}
	if a.Empty {
		e.Source, e.Says = "compute.networkEndpointGroups.listNetworkEndpoints", bs.GetName()+": no endpoint in any group"
	}
	return e
}

// Users are the Ingresses, or for a Gateway's Backend the Gateways, that send requests
// to the same Service port; the target is among them.
func (c Case) Users(b glbc.Backend) []facts.Ref {
	var refs []facts.Ref
	same := func(o glbc.Backend) bool {
		return o.Namespace == b.Namespace && o.Service == b.Service && o.ServicePort != nil && b.ServicePort != nil && o.ServicePort.Port == b.ServicePort.Port
	}
	if b.Gateway {
		all, _ := c.Facts.Gateways.Get()
		for _, g := range all {
			if glbc.SurelyServesGateway(c.Facts, g) && slices.ContainsFunc(glbc.GatewayBackends(c.Facts, g), same) {
				refs = append(refs, glbc.GatewayRef(c.Facts, g))
			}
		}
	} else {
		all, _ := c.Facts.Ingresses.Get()
		for _, ing := range all {
			if ing.Namespace == b.Namespace && glbc.Serves(c.Facts, ing) && slices.ContainsFunc(glbc.Backends(c.Facts, ing), same) {
				refs = append(refs, glbc.RefOf(c.Facts, ing))
			}
		}
	}
	if len(refs) == 0 {
		refs = append(refs, c.Target)
	}
	return refs
}
