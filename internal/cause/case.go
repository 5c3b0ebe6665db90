package cause

import (
	"slices"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// Ingress is the Ingress that is diagnosed; ok is false for other targets and
// where Ingresses couldn't be read.
func (c Case) Ingress() (ing *networkingv1.Ingress, ok bool) {
	if c.Target.Kind != facts.KindIngress {
		return nil, false
	}
	all, _ := c.Facts.Ingresses.Get()
	for _, i := range all {
		if i.Namespace == c.Target.Namespace && i.Name == c.Target.Name {
			return i, true
		}
	}
	return nil, false
}

// Gateway is the Gateway that is diagnosed; ok is false for other targets and where
// Gateways couldn't be read.
func (c Case) Gateway() (g *gatewayv1.Gateway, ok bool) {
	if c.Target.Kind != facts.KindGateway {
		return nil, false
	}
	return glbc.GatewayNamed(c.Facts, c.Target.Namespace, c.Target.Name).Get()
}

func (c Case) backends() []glbc.Backend {
	if ing, ok := c.Ingress(); ok {
		return glbc.Backends(c.Facts, ing)
	}
	if g, ok := c.Gateway(); ok {
		return glbc.GatewayBackends(c.Facts, g)
	}
	if c.Target.Kind != facts.KindBackendService {
		return nil
	}
	var list []glbc.Backend
	for _, bs := range glbc.BackendServicesOf(c.Facts, c.Target) {
		list = append(list, glbc.BackendOf(c.Facts, bs))
	}
	return list
}

// Has reports that the target shows a symptom.
func (c Case) Has(symptom ID) bool {
	return slices.ContainsFunc(c.Symptoms, func(s Symptom) bool { return s.ID == symptom })
}

func (c Case) entries() []signal.Signal {
	all := slices.Concat(c.Signals, c.History)
	slices.SortStableFunc(all, func(a, b signal.Signal) int { return b.At.Compare(a.At) })
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(s signal.Signal) bool {
		key := s.ID + s.At.Format(time.RFC3339Nano)
		if s.ID == "" {
			return false
		}
		defer func() { seen[key] = true }()
		return seen[key]
	})
}

// ChangeOf makes a Change of an audit entry. A last entry of an operation doesn't
// say who began it; the operation's first entry does, if it is among all.
func ChangeOf(s signal.Signal, all []signal.Signal, what string) *Change {
	ch := s.Change
	out := &Change{By: ch.By, Controller: ch.Controller, Caller: toolOf(ch), At: s.At, Method: ch.Method, What: what, Entry: s.ID}
	if v, ok := ch.Fields[what]; ok {
		out.To = &v
	}
	for _, other := range all {
		if other.Change == nil || ch.Operation == "" || other.Change.Operation != ch.Operation || !other.Change.First {
			continue
		}
		out.At, out.Entry = other.At, other.ID
		if other.Change.By != "" {
			out.By, out.Controller, out.Caller = other.Change.By, other.Change.Controller, toolOf(other.Change)
		}
		if v, ok := other.Change.Fields[what]; ok {
			out.To = &v
		}
	}
	return out
}

// toolOf is what is known of the tool: nothing, where it is none of those that are
// told apart.
func toolOf(ch *signal.Change) signal.CallerKind {
	if k := ch.CallerKind(); k != signal.OtherCaller {
		return k
	}
	return ""
}

// Logged is what a health-check entry says of an endpoint, whatever its state.
func Logged(s signal.Signal) glbc.LoggedEndpoint {
	return glbc.LoggedEndpoint{Group: s.Target, IP: s.Health.IP, Port: s.Health.Port}
}

// LoggedUnhealthy are the endpoints that the signals call UNHEALTHY and no later
// one HEALTHY: what is known of a backend whose live health couldn't be read.
func (c Case) LoggedUnhealthy() []glbc.LoggedEndpoint {
	var list []glbc.LoggedEndpoint
	type key struct {
		group facts.Ref
		ip    string
	}
	seen := map[key]bool{}
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged || seen[key{s.Target, s.Health.IP}] {
			continue
		}
		seen[key{s.Target, s.Health.IP}] = true
		if s.Health.State == "UNHEALTHY" {
			list = append(list, Logged(s))
		}
	}
	return list
}
