package glbc

import (
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

// A CheckField is one field of a health check.
type CheckField string

// The fields that GLBC gives a health check. Logging isn't among them: it asks for
// none and leaves what is there.
const (
	CheckFieldType      CheckField = "type"
	CheckFieldPort      CheckField = "port"
	CheckFieldPath      CheckField = "requestPath"
	CheckFieldHost      CheckField = "host"
	CheckFieldInterval  CheckField = "checkIntervalSec"
	CheckFieldTimeout   CheckField = "timeoutSec"
	CheckFieldHealthy   CheckField = "healthyThreshold"
	CheckFieldUnhealthy CheckField = "unhealthyThreshold"
)

// CheckFields lists them.
var CheckFields = []CheckField{
	CheckFieldType, CheckFieldPort, CheckFieldPath, CheckFieldHost,
	CheckFieldInterval, CheckFieldTimeout, CheckFieldHealthy, CheckFieldUnhealthy,
}

// An OriginKind is what a field's value comes from.
type OriginKind string

// The origins, each over the one before it (ingress-controller.md §2).
const (
	FromDefault       OriginKind = "default"
	FromService       OriginKind = "Service"
	FromProbe         OriginKind = "readiness probe"
	FromTransparent   OriginKind = "transparent health checker"
	FromBackendConfig OriginKind = "BackendConfig"
)

// An Origin is what asks for a field's value.
type Origin struct {
	Kind OriginKind
	// On is the Service, Pod or BackendConfig; zero for the default.
	On facts.Ref
	// Container has the probe.
	Container string
}

// String is for people: "readiness probe of shop/web-1, container web".
func (o Origin) String() string {
	switch o.Kind {
	case FromProbe:
		return fmt.Sprintf("%s of %s/%s, container %s", o.Kind, o.On.Namespace, o.On.Name, o.Container)
	case FromBackendConfig, FromService:
		return fmt.Sprintf("%s %s/%s", o.Kind, o.On.Namespace, o.On.Name)
	case FromDefault, FromTransparent:
	}
	return string(o.Kind)
}

// A Desired is the health check that GLBC would create for a Service port today. An
// existing one is brought to it in some fields only: CompareCheck.
type Desired struct {
	// Err is why nothing can be said, or why GLBC makes nothing; nil otherwise.
	Err error
	// NEG tells NEGs from instance groups, Regional that the check is of a region.
	NEG, Regional bool
	// Check has zero values where a field is unknown. Its Port is 0 for the serving
	// port.
	Check Check
	// Origins says for each known field where it is from, Unknown for each other why it
	// can't be told.
	Origins map[CheckField]Origin
	Unknown map[CheckField]error
	// Pod is the one whose readiness probe decides; nil where none does. WhyNoProbe is
	// then the condition that no probe meets, empty where pods couldn't be read.
	Pod        *corev1.Pod
	WhyNoProbe string
	// Config is the BackendConfig that sets fields; zero where none does.
	Config facts.Ref
}

// Errors of what GLBC doesn't make a check for.
var (
	errNothingMade = errors.New("GLBC makes no health check for it")
	errNoClass     = errors.New("whether its load balancer is global or of a region isn't known")
)

// DesiredCheck says what health check GLBC would create for a Backend now: defaults,
// the readiness probe or the transparent health checker, BackendConfig on top
// (ingress-controller.md §2).
func DesiredCheck(s *facts.Snapshot, b Backend) Desired {
	svc, ok := b.Object.Get()
	switch {
	case b.Object.IsAbsent() || ok && (b.ServicePort == nil || NeedsNEG(svc)):
		return Desired{Err: errNothingMade}
	case !ok:
		return Desired{Err: b.Object.Err()}
	}
	if why := appProtocolsFault(svc); why != "" {
		return Desired{Err: fmt.Errorf("%w: annotation %s: %s", errNothingMade, appProtocolsKey(svc), why)}
	}
	config, err := configFor(s, svc, b.ServicePort)
	if err != nil {
		return Desired{Err: err}
	}
	regional, err := inRegion(s, b)
	if err != nil {
		return Desired{Err: err}
	}
	d := &Desired{NEG: regional || NEGRequestOf(svc).Ingress, Regional: regional, Origins: map[CheckField]Origin{}, Unknown: map[CheckField]error{}}
	d.defaults(s, b, svc)
	d.inferred(s, b, svc)
	if bc, ok := config.Get(); !ok && !config.IsAbsent() {
		d.unknown(config.Err(), CheckFields...)
	} else if ok && bc.Spec.HealthCheck != nil {
		d.configured(facts.Ref{Cluster: s.ClusterName, Kind: facts.KindBackendConfig, Namespace: bc.Namespace, Name: bc.Name}, bc.Spec.HealthCheck)
	} else if transparent(svc) && d.NEG {
		d.transparent(s, b)
	}
	return *d
}

func (d *Desired) set(o Origin, fields ...CheckField) {
	for _, f := range fields {
		d.Origins[f] = o
		delete(d.Unknown, f)
	}
}

func (d *Desired) unknown(err error, fields ...CheckField) {
	for _, f := range fields {
		d.Unknown[f] = err
		delete(d.Origins, f)
	}
	d.blank()
}

// blank leaves no value in fields that are unknown.
func (d *Desired) blank() {
	for f := range d.Unknown {
		switch f {
		case CheckFieldType:
			d.Check.Type = ""
		case CheckFieldPort:
			d.Check.Port = 0
		case CheckFieldPath:
			d.Check.Path = ""
		case CheckFieldHost:
			d.Check.Host = ""
		case CheckFieldInterval:
			d.Check.Interval = 0
		case CheckFieldTimeout:
			d.Check.Timeout = 0
		case CheckFieldHealthy:
			d.Check.Healthy = 0
		case CheckFieldUnhealthy:
			d.Check.Unhealthy = 0
		}
	}
}

func (d *Desired) defaults(s *facts.Snapshot, b Backend, svc *corev1.Service) {
	d.Check = defaultCheck(AppProtocol(svc, b.ServicePort.Name), d.NEG)
	d.set(Origin{Kind: FromDefault}, CheckFields...)
	service := Origin{Kind: FromService, On: b.Ref(s.ClusterName)}
	if AppProtocols(svc)[b.ServicePort.Name] != "" {
		d.set(service, CheckFieldType)
	}
	if !d.NEG {
		d.Check.Port = b.ServicePort.NodePort
		d.set(service, CheckFieldPort)
	}
	if system := SystemDefault(); b.Namespace == system.Namespace && b.Service == system.Service {
		d.Check.Path = "/healthz"
	}
}

// inferred applies the readiness probe: path, Host, timeout and interval.
func (d *Desired) inferred(s *facts.Snapshot, b Backend, svc *corev1.Service) {
	fields := []CheckField{CheckFieldPath, CheckFieldHost, CheckFieldInterval, CheckFieldTimeout}
	pods, _ := s.Pods.Get()
	switch {
	case !s.Pods.Known():
		d.unknown(s.Pods.Err(), fields...)
		return
	case !wasRead(s, svc.Namespace):
		d.unknown(errNamespaceNotRead(svc.Namespace), fields...)
		return
	case outOfStep(s, b) != nil:
		d.unknown(outOfStep(s, b), fields...)
		return
	}
	in := InferCheck(svc, b.ServicePort, d.NEG, pods)
	d.WhyNoProbe = in.Why
	if in.Pod == nil {
		return
	}
	d.Pod = in.Pod
	d.Check.Path, d.Check.Host, d.Check.Interval, d.Check.Timeout = in.Check.Path, in.Check.Host, in.Check.Interval, in.Check.Timeout
	on := facts.Ref{Cluster: s.ClusterName, Kind: facts.KindPod, Namespace: in.Pod.Namespace, Name: in.Pod.Name}
	d.set(Origin{Kind: FromProbe, On: on, Container: in.Container}, fields...)
}

// configured applies the fields that a BackendConfig sets, each on every sync.
func (d *Desired) configured(on facts.Ref, set *facts.BackendConfigCheck) {
	d.Config = on
	from := Origin{Kind: FromBackendConfig, On: on}
	span := func(v *int64, to *time.Duration, f CheckField) {
		if v != nil {
			*to = time.Duration(*v) * time.Second
			d.set(from, f)
		}
	}
	count := func(v *int64, to *int, f CheckField) {
		if v != nil {
			*to = int(*v)
			d.set(from, f)
		}
	}
	span(set.CheckIntervalSec, &d.Check.Interval, CheckFieldInterval)
	span(set.TimeoutSec, &d.Check.Timeout, CheckFieldTimeout)
	count(set.HealthyThreshold, &d.Check.Healthy, CheckFieldHealthy)
	count(set.UnhealthyThreshold, &d.Check.Unhealthy, CheckFieldUnhealthy)
	if set.Type != nil {
		d.Check.Type = *set.Type
		d.set(from, CheckFieldType)
	}
	if set.RequestPath != nil {
		d.Check.Path = *set.RequestPath
		d.set(from, CheckFieldPath)
	}
	if set.Port != nil {
		d.Check.Port = int32(*set.Port) //nolint:gosec // The CRD's schema bounds it to a port.
		d.set(from, CheckFieldPort)
	}
}
