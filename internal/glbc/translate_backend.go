package glbc

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

// backends finds the faults of the backend stages: for each Service port health check
// and security policy, then for each the link to its NEGs (ingress-controller.md
// §0.3, §1.3, §1.6). The system default backend has neither.
func (t *translator) backends() {
	list := Backends(t.s, t.ing)
	for _, b := range list {
		svc, ok := b.Object.Get()
		if !ok || b.ServicePort == nil || NeedsNEG(svc) {
			continue
		}
		bc, _ := t.configOf(svc, b.ServicePort).Get()
		t.healthCheck(b, svc, bc)
		if bc != nil {
			t.securityPolicy(b, bc)
		}
	}
	for _, b := range list {
		if svc, ok := b.Object.Get(); ok && b.ServicePort != nil {
			t.internalNEG(b, svc)
		}
	}
}

// configOf is the BackendConfig that applies to a port.
func (t *translator) configOf(svc *corev1.Service, port *corev1.ServicePort) facts.Value[*facts.BackendConfig] {
	r := configRequestOf(svc)
	if !r.present || r.err != nil || r.of(port) == "" {
		return facts.Absent[*facts.BackendConfig]()
	}
	return BackendConfigNamed(t.s, svc.Namespace, r.of(port))
}

func (t *translator) ofConfig(bc *facts.BackendConfig) facts.Ref {
	return facts.Ref{Cluster: t.s.ClusterName, Kind: facts.KindBackendConfig, Namespace: bc.Namespace, Name: bc.Name}
}

// healthCheck merges what sets the check's times and finds a timeout longer than the
// interval, which Compute refuses (ingress-controller.md §1.3, bc-hc-bounds; §2).
func (t *translator) healthCheck(b Backend, svc *corev1.Service, bc *facts.BackendConfig) {
	var set facts.BackendConfigCheck
	f := Fault{Code: TimeoutExceedsInterval, Variant: ByReadinessProbe, Stage: StageHealthCheck, On: b.Ref(t.s.ClusterName)}
	if bc != nil && bc.Spec.HealthCheck != nil {
		set = *bc.Spec.HealthCheck
		f.Variant, f.On = ByBackendConfig, t.ofConfig(bc)
		t.checkType(set, f.On)
	} else if transparent(svc) {
		return
	}
	interval, timeout := set.CheckIntervalSec, set.TimeoutSec
	if interval == nil || timeout == nil {
		base, err := t.baseCheck(b, svc)
		if err != nil {
			if f.Variant == ByBackendConfig && (interval != nil || timeout != nil) {
				f.Err, f.Message = err, "error ensuring health check: googleapi: Error 400"
				t.fault(f)
			}
			return
		}
		interval, timeout = orElse(interval, base.Interval), orElse(timeout, base.Timeout)
	}
	if *timeout > *interval {
		f.Field = fmt.Sprintf("timeoutSec %d, checkIntervalSec %d", *timeout, *interval)
		f.Message = "error ensuring health check: googleapi: Error 400"
		t.fault(f)
	}
}

func orElse(v *int64, base time.Duration) *int64 {
	if v != nil {
		return v
	}
	seconds := int64(base / time.Second)
	return &seconds
}

// checkType refuses a type that GLBC has no words for.
func (t *translator) checkType(set facts.BackendConfigCheck, on facts.Ref) {
	if set.Type == nil {
		return
	}
	switch *set.Type {
	case "HTTP", "HTTPS", "HTTP2":
	default:
		t.fault(Fault{
			Code: ConfigInvalid, Variant: CheckType, Stage: StageHealthCheck, On: on, Field: "spec.healthCheck.type",
			Message: fmt.Sprintf("error ensuring health check: Protocol %q is not valid, must be one of", *set.Type),
		})
	}
}

var (
	errOwnCheck       = errors.New("whether the Service port's health check exists already isn't known")
	errWasTransparent = errors.New("the check is the transparent health checker's until now, and what it is made from next isn't known")
)

// baseCheck is the check that a BackendConfig's fields go over: the live one, whose
// values the controller keeps, or for a new one the readiness probe's or the default
// (ingress-controller.md §2, "Update policy").
func (t *translator) baseCheck(b Backend, svc *corev1.Service) (Check, error) {
	if hc, ok := b.HealthCheck.Get(); ok {
		return keptCheck(hc)
	}
	if !b.BackendService.IsAbsent() {
		return Check{}, errors.Join(errOwnCheck, b.BackendService.Err(), b.HealthCheck.Err())
	}
	name, ok := BackendName(t.s, t.Class, b).Get()
	if !ok {
		return Check{}, errOwnCheck
	}
	existing := inScope(t.s.HealthChecks, t.scope(), name)
	if hc, ok := existing.Get(); ok {
		return keptCheck(hc)
	}
	err := outOfStep(t.s, b)
	if !existing.IsAbsent() || err != nil || !t.s.Pods.Known() || !wasRead(t.s, svc.Namespace) {
		return Check{}, errors.Join(errOwnCheck, existing.Err(), t.s.Pods.Err(), err)
	}
	pods, _ := t.s.Pods.Get()
	return InferCheck(svc, b.ServicePort, t.Class.InRegion() || NEGRequestOf(svc).Ingress, pods).Check, nil
}

// keptCheck is what the controller keeps of an existing check. A BackendConfig ends a
// transparent one, of which nothing is kept.
func keptCheck(hc *computepb.HealthCheck) (Check, error) {
	if MadeFrom(hc) == FromTransparent {
		return Check{}, errWasTransparent
	}
	return CheckOf(hc), nil
}

// transparent reports that a Service asks for a transparent health check, which takes
// nothing from a probe (ingress-controller.md §2).
func transparent(svc *corev1.Service) bool {
	var a struct {
		Enabled bool `json:"enabled"`
	}
	raw := svc.Annotations["networking.gke.io/transparent-health-checker"]
	return json.Unmarshal([]byte(raw), &a) == nil && a.Enabled
}

// scope is where the Ingress's objects are.
func (t *translator) scope() string { return t.Class.Scope(Region(t.s)) }

func (t *translator) securityPolicy(b Backend, bc *facts.BackendConfig) {
	policy := bc.Spec.SecurityPolicy
	if policy == nil {
		return
	}
	on := t.ofConfig(bc)
	if t.Class.InRegion() {
		t.fault(Fault{
			Code: SecurityPolicyUnsupported, Stage: StageBackendService, On: on, Field: "spec.securityPolicy",
			Message: "cloud armor security policies not supported for",
		})
		return
	}
	if policy.Name == "" {
		return
	}
	found := inScope(t.s.SecurityPolicies, scopeGlobal, policy.Name)
	bs, live := b.BackendService.Get()
	if _, ok := found.Get(); ok || live && facts.LastSegment(bs.GetSecurityPolicy()) == policy.Name {
		return
	}
	t.fault(Fault{
		Code: SecurityPolicyNotFound, Stage: StageBackendService, On: on, Field: "spec.securityPolicy.name", Err: found.Err(),
		Names:   facts.Ref{Project: t.s.Project, Scope: scopeGlobal, Kind: facts.KindSecurityPolicy, Name: policy.Name},
		Message: "failed to set security policy from",
	})
}

// internalNEG: behind a regional class GLBC links NEGs whatever the Service says, but
// the NEG controller makes them only where the annotation asks (ingress-controller.md
// §1.6, neg-not-created-yet). One for the same port on its own has the same name.
func (t *translator) internalNEG(b Backend, svc *corev1.Service) {
	r := NEGRequestOf(svc)
	if !t.Class.InRegion() || r.Ingress || NeedsNEG(svc) {
		return
	}
	if name, exposed := r.Exposed[b.ServicePort.Port]; r.Valid && exposed && name == "" {
		return
	}
	negs, _ := t.s.NEGs.Get()
	for _, neg := range negs {
		n, _ := ParseName(neg.GetName())
		if IsNEGName(neg.GetName(), b.Namespace, b.Service, b.ServicePort.Port) && !n.ForeignTo("", IngressUID(t.s)) {
			return
		}
	}
	t.fault(Fault{
		Code: InternalNeedsNEG, Stage: StageLink, On: b.Ref(t.s.ClusterName), Field: NEGAnnotation, Err: t.s.NEGs.Err(),
		Message: "googleapi: Error 404",
	})
}
