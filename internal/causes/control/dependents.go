package control

import (
	"fmt"
	"slices"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// dependents are the objects of a cluster that wait for GKE's controllers.
type dependents struct {
	cluster string
	// waiting never got an address, serving have one and are frozen.
	waiting, serving []facts.Ref
	hosts            []string
	// since is when the first of waiting was made; zero without one.
	since time.Time
}

func dependentsOf(s *facts.Snapshot) dependents {
	d := dependents{cluster: s.ClusterName}
	ingresses, _ := s.Ingresses.Get()
	for _, ing := range ingresses {
		if !glbc.SurelyServes(s, ing) {
			continue
		}
		ref := facts.Ref{Cluster: s.ClusterName, Kind: facts.KindIngress, Namespace: ing.Namespace, Name: ing.Name}
		if glbc.Address(ing) != "" {
			d.serving = append(d.serving, ref)
			continue
		}
		d.wait(ref, ing.CreationTimestamp.Time, glbc.Hosts(ing))
	}
	gateways, _ := s.Gateways.Get()
	for _, g := range gateways {
		if !glbc.SurelyServesGateway(s, g) {
			continue
		}
		ref := glbc.GatewayRef(s, g)
		if glbc.GatewayAddress(g) != "" {
			d.serving = append(d.serving, ref)
			continue
		}
		d.wait(ref, g.CreationTimestamp.Time, nil)
	}
	return d
}

func (d *dependents) wait(ref facts.Ref, created time.Time, hosts []string) {
	d.waiting = append(d.waiting, ref)
	for _, h := range hosts {
		if !slices.Contains(d.hosts, h) {
			d.hosts = append(d.hosts, h)
		}
	}
	if d.since.IsZero() || created.Before(d.since) {
		d.since = created
	}
}

func (d dependents) none() bool { return len(d.waiting)+len(d.serving) == 0 }

// neglected: an Ingress that no controller has touched for longer than any would
// take. Where events can't be read, it is the proof that nobody else serves the
// class.
func (d dependents) neglected(s *facts.Snapshot) bool {
	for _, ref := range d.waiting {
		ing := find(s, ref)
		if ing != nil && !glbc.TakenUp(ing) && s.Now.Sub(ing.CreationTimestamp.Time) >= recently {
			return true
		}
	}
	gateways, _ := s.Gateways.Get()
	for _, g := range gateways {
		if glbc.SurelyServesGateway(s, g) && glbc.GatewayAddress(g) == "" && s.Now.Sub(g.CreationTimestamp.Time) >= recently {
			return true
		}
	}
	return false
}

func (d dependents) refs() []facts.Ref {
	return append(append([]facts.Ref{}, d.waiting...), d.serving...)
}

func (d dependents) headline() string {
	switch {
	case len(d.serving) == 0:
		return count(d.waiting) + " waiting for a load balancer that nobody builds"
	case len(d.waiting) == 0:
		return count(d.serving) + " served by a load balancer that nobody updates"
	}
	return fmt.Sprintf("%s waiting for a load balancer that nobody builds, %d more frozen", count(d.waiting), len(d.serving))
}

// count says how many objects there are: "1 Ingress", "2 Ingresses and 1 Gateway".
func count(refs []facts.Ref) string {
	kinds := map[string]int{}
	for _, r := range refs {
		kinds[r.Kind]++
	}
	ingresses, gateways := plural(kinds[facts.KindIngress], "Ingress", "Ingresses"), plural(kinds[facts.KindGateway], "Gateway", "Gateways")
	switch {
	case len(kinds) > 1:
		return ingresses + " and " + gateways
	case kinds[facts.KindGateway] > 0:
		return gateways
	}
	return ingresses
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (d dependents) impact() string {
	const frozen = "existing load balancers keep serving, but their NEG membership is frozen: pods of the next rollout get no traffic, and no change or deletion takes effect"
	switch {
	case len(d.serving) == 0:
		return count(d.waiting) + " without an address"
	case len(d.waiting) == 0:
		return frozen
	}
	return count(d.waiting) + " without an address; " + frozen
}

func (d dependents) evidence(s *facts.Snapshot) []cause.Evidence {
	var list []cause.Evidence
	if len(d.waiting) > 0 {
		list = append(list, d.waits(s, d.waiting[0]))
	}
	if len(d.serving) > 0 {
		source := "container.ingresses.list"
		if d.serving[0].Kind == facts.KindGateway {
			source = "container.thirdPartyObjects.list"
		}
		list = append(list, cause.Evidence{
			Source: source,
			Says:   fmt.Sprintf("%s has an address and keeps serving (%d in all)", d.serving[0], len(d.serving)),
			Link:   cause.ObjectLink(d.serving[0]),
		})
	}
	return list
}

func (d dependents) waits(s *facts.Snapshot, ref facts.Ref) cause.Evidence {
	ing := find(s, ref)
	if ing == nil {
		return cause.Evidence{Source: "container.thirdPartyObjects.list", Says: ref.String() + " is of a GatewayClass of GKE's and has no address", Link: cause.ClusterLink(ref.Cluster)}
	}
	return cause.Evidence{
		Source: "container.ingresses.list",
		Says:   ref.String() + " is GKE's (" + glbc.ClassOf(ing).Because + ") and has no address" + untouched(ing) + heard(s, ing),
		Link:   cause.ObjectLink(ref),
	}
}

func untouched(ing *networkingv1.Ingress) string {
	if glbc.TakenUp(ing) {
		return ""
	}
	return ", no finalizer"
}

// heard adds the silence as evidence, but only with proof that events of that
// namespace could be read at all (cause-catalogue.md, rules).
func heard(s *facts.Snapshot, ing *networkingv1.Ingress) string {
	events, ok := s.Events.Get()
	if !ok {
		return ""
	}
	others := 0
	for _, e := range events {
		if e.Namespace != ing.Namespace {
			continue
		}
		if e.InvolvedObject.Kind == facts.KindIngress && e.InvolvedObject.Name == ing.Name {
			return ""
		}
		others++
	}
	if others == 0 {
		return ""
	}
	return fmt.Sprintf(", no event (%d of other objects there)", others)
}

func find(s *facts.Snapshot, ref facts.Ref) *networkingv1.Ingress {
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if ref.Kind == facts.KindIngress && ing.Namespace == ref.Namespace && ing.Name == ref.Name {
			return ing
		}
	}
	return nil
}

// frozen counts, for the diagnosed Ingress, NEG endpoints whose pods are gone.
func frozen(c cause.Case) (stale, of int) {
	for _, e := range endpoints(c) {
		of++
		if e.Stale() {
			stale++
		}
	}
	return stale, of
}

func unhealthy(c cause.Case) (n int) {
	for _, e := range endpoints(c) {
		if e.Unhealthy() {
			n++
		}
	}
	return n
}

func endpoints(c cause.Case) (list []glbc.Endpoint) {
	ing, ok := c.Ingress()
	if !ok {
		return nil
	}
	for _, b := range glbc.Backends(c.Facts, ing) {
		if _, err := glbc.PodsOf(c.Facts, b); err != nil {
			return nil
		}
		es, _ := glbc.Endpoints(c.Facts, b)
		list = append(list, es...)
	}
	return list
}
