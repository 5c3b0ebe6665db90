package glbc

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// A Lack is a setting of a BackendConfig that a live backend service or its health check
// doesn't have.
type Lack struct {
	// Field is the setting's path in the BackendConfig.
	Field string
	// Want is what the BackendConfig says, Have what is live.
	Want, Have string
}

// Lacks compares a BackendConfig with the backend service that it is meant for, and with
// its health check where hc isn't nil: a setting that is live by chance isn't lacking.
// Only what Compute tells is compared (ingress-controller.md §1.3).
func Lacks(bc *facts.BackendConfig, bs *computepb.BackendService, hc *computepb.HealthCheck) []Lack {
	l := lacks{}
	spec := &bc.Spec
	if spec.TimeoutSec != nil {
		l.number("spec.timeoutSec", *spec.TimeoutSec, int64(bs.GetTimeoutSec()))
	}
	if d := spec.ConnectionDraining; d != nil {
		l.number("spec.connectionDraining.drainingTimeoutSec", d.DrainingTimeoutSec, int64(bs.GetConnectionDraining().GetDrainingTimeoutSec()))
	}
	if a := spec.SessionAffinity; a != nil && a.AffinityType != "" {
		have := bs.GetSessionAffinity()
		if have == "" {
			have = "NONE"
		}
		l.text("spec.sessionAffinity.affinityType", a.AffinityType, have)
	}
	if p := spec.SecurityPolicy; p != nil {
		l.text("spec.securityPolicy.name", p.Name, facts.LastSegment(bs.GetSecurityPolicy()))
	}
	if spec.CDN != nil {
		l.text("spec.cdn.enabled", strconv.FormatBool(spec.CDN.Enabled), strconv.FormatBool(bs.GetEnableCDN()))
	}
	if spec.IAP != nil {
		l.text("spec.iap.enabled", strconv.FormatBool(spec.IAP.Enabled), strconv.FormatBool(bs.GetIap().GetEnabled()))
	}
	if spec.Logging != nil {
		l.text("spec.logging.enable", strconv.FormatBool(spec.Logging.Enable), strconv.FormatBool(bs.GetLogConfig().GetEnable()))
	}
	if spec.HealthCheck != nil && hc != nil {
		l.check(spec.HealthCheck, CheckOf(hc))
	}
	return l
}

type lacks []Lack

func (l *lacks) text(field, want, have string) {
	if want != have {
		*l = append(*l, Lack{field, want, have})
	}
}

func (l *lacks) number(field string, want, have int64) {
	l.text(field, strconv.FormatInt(want, 10), strconv.FormatInt(have, 10))
}

func (l *lacks) check(set *facts.BackendConfigCheck, live Check) {
	number := func(field string, want *int64, have int64) {
		if want != nil {
			l.number("spec.healthCheck."+field, *want, have)
		}
	}
	text := func(field string, want *string, have string) {
		if want != nil {
			l.text("spec.healthCheck."+field, *want, have)
		}
	}
	text("type", set.Type, live.Type)
	text("requestPath", set.RequestPath, live.Path)
	number("port", set.Port, int64(live.Port))
	number("checkIntervalSec", set.CheckIntervalSec, int64(live.Interval.Seconds()))
	number("timeoutSec", set.TimeoutSec, int64(live.Timeout.Seconds()))
	number("healthyThreshold", set.HealthyThreshold, int64(live.Healthy))
	number("unhealthyThreshold", set.UnhealthyThreshold, int64(live.Unhealthy))
}

// String says it for people.
func (l Lack) String() string {
	have := l.Have
	if have == "" {
		have = "nothing"
	}
	return fmt.Sprintf("%s = %s, and live is %s", l.Field, l.Want, have)
}

// UnmatchedConfigs are the keys of a Service's BackendConfig annotation that are none of
// its ports, with the BackendConfig that each names, where nothing is applied to a port
// (ingress-controller.md §1.11.4); nil where something is.
func UnmatchedConfigs(svc *corev1.Service, port *corev1.ServicePort) map[string]string {
	r := configRequestOf(svc)
	if port == nil || !r.present || r.err != nil || r.of(port) != "" {
		return nil
	}
	unmatched := maps.Clone(r.Ports)
	maps.DeleteFunc(unmatched, func(key, _ string) bool {
		return slices.ContainsFunc(svc.Spec.Ports, func(p corev1.ServicePort) bool {
			return key == p.Name || key == strconv.Itoa(int(p.Port))
		})
	})
	return unmatched
}

// ConfigsNamed are the BackendConfigs that an annotation names, whatever object has it.
func ConfigsNamed(annotations map[string]string) (names []string, key string) {
	svc := &corev1.Service{}
	svc.Annotations = annotations
	r := configRequestOf(svc)
	if !r.present {
		return nil, ""
	}
	if r.err != nil {
		return []string{annotations[r.key]}, r.key
	}
	for _, name := range append([]string{r.Default}, slices.Sorted(maps.Values(r.Ports))...) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, r.key
}

// ConfigMisplacedOn reports that a BackendConfig is named where the controller doesn't
// look for an Ingress's backends: on the Ingress, or on a Service beside those that it
// names.
func ConfigMisplacedOn(s *facts.Snapshot, ing *networkingv1.Ingress) bool {
	if _, key := ConfigsNamed(ing.Annotations); key != "" {
		return true
	}
	return len(ConfigTwins(s, ing)) > 0
}

// ConfigTwins are Services that name a BackendConfig and that no Ingress uses, by the
// Service of the Ingress that leads to the same pods and names none.
func ConfigTwins(s *facts.Snapshot, ing *networkingv1.Ingress) map[string]*corev1.Service {
	twins := map[string]*corev1.Service{}
	all, _ := s.Services.Get()
	for _, b := range Backends(s, ing) {
		used, ok := b.Object.Get()
		if !ok || NamesBackendConfig(used) || len(used.Spec.Selector) == 0 {
			continue
		}
		for _, svc := range all {
			if svc.Namespace == used.Namespace && svc.Name != used.Name && NamesBackendConfig(svc) &&
				maps.Equal(svc.Spec.Selector, used.Spec.Selector) && !usedByAny(s, svc) {
				twins[used.Name] = svc
			}
		}
	}
	return twins
}

// usedByAny reports that some Ingress names a Service.
func usedByAny(s *facts.Snapshot, svc *corev1.Service) bool {
	all, _ := s.Ingresses.Get()
	return slices.ContainsFunc(all, func(ing *networkingv1.Ingress) bool {
		return ing.Namespace == svc.Namespace && sends(ing, svc.Name)
	})
}
