package glbc

import (
	"errors"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// UsesNEG reports that GLBC checks pods and not nodes: the Service's annotation asks
// for NEGs, or the load balancer is of a region and has nothing else
// (ingress-controller.md §1.2, §2). It is unknown where nothing that tells was read.
func UsesNEG(s *facts.Snapshot, b Backend) facts.Value[bool] {
	svc, ok := b.Object.Get()
	if !ok {
		return facts.Unknown[bool](b.Object.Err())
	}
	if NEGRequestOf(svc).Ingress {
		return facts.Found(true)
	}
	if bs, live := b.BackendService.Get(); live {
		return facts.Found(bs.GetRegion() != "")
	}
	ingresses, ok := s.Ingresses.Get()
	if !ok {
		return facts.Unknown[bool](s.Ingresses.Err())
	}
	inRegion, global := false, false
	for _, ing := range ingresses {
		if ing.Namespace != b.Namespace || !references(ing, b) {
			continue
		}
		class := ClassOf(ing)
		inRegion = inRegion || class.InRegion()
		global = global || class.Served && !class.Internal
	}
	if inRegion && global {
		return facts.Unknown[bool](errBothScopes)
	}
	return facts.Found(inRegion)
}

var errBothScopes = errors.New("several classes of Ingresses lead to the Service port; which of them is meant can't be told")

// references reports that an Ingress sends requests to a Backend's port.
func references(ing *networkingv1.Ingress, b Backend) bool {
	for _, r := range servicesOf(ing) {
		if r.Name != b.Service {
			continue
		}
		svc, ok := b.Object.Get()
		if r.Port == b.Port || ok && b.ServicePort != nil && PortOf(svc, r.Port) == b.ServicePort {
			return true
		}
	}
	return false
}

// servicesOf are the Services that an Ingress names, in order, rules without paths
// left out.
func servicesOf(ing *networkingv1.Ingress) []networkingv1.IngressServiceBackend {
	var list []networkingv1.IngressServiceBackend
	add := func(sb *networkingv1.IngressServiceBackend) {
		if sb != nil {
			list = append(list, *sb)
		}
	}
	if ing.Spec.DefaultBackend != nil {
		add(ing.Spec.DefaultBackend.Service)
	}
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for _, p := range r.HTTP.Paths {
			add(p.Backend.Service)
		}
	}
	return list
}

// A portConfig is the BackendConfig of a Service port.
type portConfig struct {
	// name is namespace/name; empty where none is named.
	name  string
	check *facts.BackendConfigCheck
	// stopped is why translation fails; err why the BackendConfig isn't known.
	stopped string
	err     error
}

// configFor finds the BackendConfig that applies to a Service port
// (ingress-controller.md §1.3). Without its `ports` key and without a default none
// does, and the controller says nothing.
func configFor(s *facts.Snapshot, svc *corev1.Service, port *corev1.ServicePort) portConfig {
	r := configRequestOf(svc)
	switch {
	case !r.present:
		return portConfig{}
	case r.err != nil:
		return portConfig{stopped: "annotation " + r.key + " isn't JSON"}
	case r.Default == "" && len(r.Ports) == 0:
		return portConfig{stopped: "annotation " + r.key + " names no BackendConfig"}
	case r.of(port) == "":
		return portConfig{}
	}
	name := r.of(port)
	c := portConfig{name: svc.Namespace + "/" + name}
	found := BackendConfigNamed(s, svc.Namespace, name)
	bc, ok := found.Get()
	switch {
	case found.IsAbsent():
		c.stopped = "BackendConfig " + c.name + " doesn't exist"
	case !ok:
		c.err = found.Err()
	default:
		c.check = bc.Spec.HealthCheck
	}
	return c
}

// configFields are what a BackendConfig can set: there is no Host among them.
var configFields = []CheckField{FieldType, FieldPort, FieldPath, FieldInterval, FieldTimeout, FieldHealthy, FieldUnhealthy}

// config puts a BackendConfig's fields on top; each that is set wins, always.
func (d *Desired) config(c portConfig) {
	if c.err != nil {
		d.configErr = c.err
		d.unknown(c.err, configFields...)
		return
	}
	if c.check == nil {
		return
	}
	o := Origin{Source: FromConfig, Name: c.name}
	number := func(field CheckField, v *int64, set func(n int64)) {
		if v != nil {
			set(*v)
			d.set(o, field)
		}
	}
	number(FieldPort, c.check.Port, func(n int64) { d.Check.Port = int32(min(max(n, 0), 1<<16)) })
	number(FieldInterval, c.check.CheckIntervalSec, func(n int64) { d.Check.Interval = time.Duration(n) * time.Second })
	number(FieldTimeout, c.check.TimeoutSec, func(n int64) { d.Check.Timeout = time.Duration(n) * time.Second })
	number(FieldHealthy, c.check.HealthyThreshold, func(n int64) { d.Check.Healthy = int(n) })
	number(FieldUnhealthy, c.check.UnhealthyThreshold, func(n int64) { d.Check.Unhealthy = int(n) })
	if c.check.Type != nil {
		d.Check.Type = *c.check.Type
		d.set(o, FieldType)
	}
	if c.check.RequestPath != nil {
		d.Check.Path = *c.check.RequestPath
		d.set(o, FieldPath)
	}
}

// The transparent health checker answers on every node for the pods
// (ingress-controller.md §2, table).
const (
	transparentPort = 7877
	transparentPath = "/api/podhealth"
)

// transparent replaces everything by the transparent health checker's own check.
func (d *Desired) transparent(svc *corev1.Service) {
	d.Check = Check{
		Type: "HTTP", Port: transparentPort, Path: transparentPath,
		Interval: 5 * time.Second, Timeout: 5 * time.Second, Healthy: 1, Unhealthy: 10,
	}
	d.set(Origin{Source: FromTransparent, Name: svc.Namespace + "/" + svc.Name}, CheckFields...)
}

var errTransparentFlag = errors.New("whether the controller's transparent health checks are on isn't known")

// transparentFor reports that the Service opts in to the transparent health checker
// and gets it: it has NEGs, no BackendConfig sets a check, and the controller's flag is
// on, which its events and the live check tell (ingress-controller.md §1.9).
func transparentFor(s *facts.Snapshot, b Backend, svc *corev1.Service, neg bool, c portConfig) (on bool, err error) {
	switch {
	case !transparent(svc) || !neg || c.check != nil || c.stopped != "":
		return false, nil
	case c.err != nil:
		return false, c.err
	}
	if hc, ok := b.HealthCheck.Get(); ok && MadeFrom(hc) == FromTransparent {
		return true, nil
	}
	switch lastTransparentEvent(s, svc) {
	case "THCConfigured":
		return true, nil
	case "THCAnnotationWithoutFlag":
		return false, nil
	}
	return false, errTransparentFlag
}

// lastTransparentEvent is the reason of the latest event about transparent health
// checks on a Service; empty when there is none.
func lastTransparentEvent(s *facts.Snapshot, svc *corev1.Service) (reason string) {
	events, _ := s.Events.Get()
	var at time.Time
	for _, e := range events {
		on := e.InvolvedObject
		if on.Kind != facts.KindService || on.Namespace != svc.Namespace || on.Name != svc.Name || !strings.HasPrefix(e.Reason, "THC") {
			continue
		}
		if t := facts.EventTime(e); !t.Before(at) {
			reason, at = e.Reason, t
		}
	}
	return reason
}
