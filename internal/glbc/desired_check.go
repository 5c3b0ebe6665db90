package glbc

import (
	"errors"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

// A CheckField is one setting of a health check, called as Compute calls it.
type CheckField string

// The settings of a health check.
const (
	FieldType      CheckField = "type"
	FieldPort      CheckField = "port"
	FieldPath      CheckField = "requestPath"
	FieldHost      CheckField = "host"
	FieldInterval  CheckField = "checkIntervalSec"
	FieldTimeout   CheckField = "timeoutSec"
	FieldHealthy   CheckField = "healthyThreshold"
	FieldUnhealthy CheckField = "unhealthyThreshold"
	FieldLogging   CheckField = "logConfig.enable"
)

// CheckFields lists them in the order in which differences are told.
var CheckFields = []CheckField{
	FieldType, FieldPort, FieldPath, FieldHost, FieldInterval, FieldTimeout, FieldHealthy, FieldUnhealthy, FieldLogging,
}

// A Source says what sets a field.
type Source string

// Default: the controller's own value. Protocol: the Service's annotation. Probe: a readiness probe. Config: a BackendConfig. Transparent: the
// transparent health checker. Live: the check has it, and the controller leaves it.
const (
	FromDefault     Source = "default"
	FromProtocol    Source = "protocol"
	FromProbe       Source = "readiness probe"
	FromConfig      Source = "BackendConfig"
	FromTransparent Source = "transparent health checker"
	FromLive        Source = "kept"
)

// An Origin is where a field comes from.
type Origin struct {
	Source Source
	// Name is the object: pod/container of a probe, namespace/name of a BackendConfig or
	// Service; empty for defaults.
	Name string
	// Born is when the pod of a probe was created; zero for other sources.
	Born time.Time
}

// A Desired is the health check that GLBC would make for a Backend today, were there
// none. What an existing one keeps is CompareCheck's and AfterSync's matter.
type Desired struct {
	// Check holds what is known; a field in Unknown means nothing.
	Check Check
	// From tells for each known field where it comes from.
	From map[CheckField]Origin
	// Unknown tells for each other field what couldn't be read.
	Unknown map[CheckField]error
	// NEG: the endpoints are pods; else nodes, and Check.Port is the node port.
	NEG bool
	// NoProbe is why no readiness probe is used; empty when one is, and where it isn't
	// known.
	NoProbe string
	// Stopped is why the controller doesn't get as far as the check; empty when it does.
	Stopped string

	// configErr is why the BackendConfig isn't known, undecided why nothing is.
	configErr, undecided error
}

// Known reports that every field is known.
func (d Desired) Known() bool { return len(d.Unknown) == 0 }

// Err joins what keeps fields from being known, each once; nil when all are.
func (d Desired) Err() error {
	var errs []error
	for _, f := range CheckFields {
		if err := d.Unknown[f]; err != nil && !slices.ContainsFunc(errs, func(e error) bool { return e.Error() == err.Error() }) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (d *Desired) set(o Origin, fields ...CheckField) {
	for _, f := range fields {
		d.From[f] = o
		delete(d.Unknown, f)
	}
}

func (d *Desired) unknown(err error, fields ...CheckField) {
	for _, f := range fields {
		d.Unknown[f] = err
		delete(d.From, f)
	}
}

func nothingKnown(err error) Desired {
	d := Desired{From: map[CheckField]Origin{}, Unknown: map[CheckField]error{}, undecided: err}
	d.unknown(err, CheckFields...)
	return d
}

// The system default backend, whose health check asks another path
// (ingress-controller.md §2, table).
const (
	systemNamespace   = "kube-system"
	systemBackend     = "default-http-backend"
	systemBackendPort = "http"
	systemBackendPath = "/healthz"
)

var (
	errNoSuchService = errors.New("the Service doesn't exist")
	errNoSuchPort    = errors.New("the Service has no such port")
)

// DesiredCheck derives the health check of a Backend behind an Ingress: defaults, then
// the transparent health checker in place of everything, or the readiness probe, then
// the BackendConfig on top (ingress-controller.md §2).
func DesiredCheck(s *facts.Snapshot, b Backend) Desired {
	svc, ok := b.Object.Get()
	switch {
	case b.Object.IsAbsent():
		d := nothingKnown(errNoSuchService)
		d.Stopped = errNoSuchService.Error()
		return d
	case !ok:
		return nothingKnown(b.Object.Err())
	case b.ServicePort == nil:
		d := nothingKnown(errNoSuchPort)
		d.Stopped = errNoSuchPort.Error()
		return d
	}
	neg, decided := UsesNEG(s, b).Get()
	if !decided {
		return nothingKnown(UsesNEG(s, b).Err())
	}
	d := defaultDesired(svc, b.ServicePort, neg)
	config := configFor(s, svc, b.ServicePort)
	if config.stopped != "" {
		d.Stopped = config.stopped
	}
	switch on, err := transparentFor(s, b, svc, neg, config); {
	case err != nil:
		d.undecided = err
		d.unknown(err, CheckFields...)
		return d
	case on:
		d.transparent(svc)
		return d
	}
	d.probe(s, b, svc)
	d.config(config)
	return d
}

func defaultDesired(svc *corev1.Service, port *corev1.ServicePort, neg bool) Desired {
	d := Desired{
		Check: defaultCheck(AppProtocol(svc, port.Name), neg), NEG: neg,
		From: map[CheckField]Origin{}, Unknown: map[CheckField]error{},
	}
	d.set(Origin{Source: FromDefault}, CheckFields...)
	if AppProtocols(svc)[port.Name] != "" {
		d.set(Origin{Source: FromProtocol, Name: svc.Namespace + "/" + svc.Name}, FieldType)
	}
	if why := appProtocolsFault(svc); why != "" {
		d.Stopped = "annotation " + appProtocolsKey(svc) + ": " + why
	}
	if !neg {
		d.Check.Port = port.NodePort
	}
	if svc.Namespace == systemNamespace && svc.Name == systemBackend && port.Name == systemBackendPort {
		d.Check.Path = systemBackendPath
	}
	return d
}

// probeFields are what the controller takes from a readiness probe.
var probeFields = []CheckField{FieldPath, FieldHost, FieldInterval, FieldTimeout}

// probe applies the readiness probe of the pods, where all of them are known: the
// oldest decides, and may be among those that are missing.
func (d *Desired) probe(s *facts.Snapshot, b Backend, svc *corev1.Service) {
	pods, _ := s.Pods.Get()
	if !s.Pods.Known() {
		d.unknown(s.Pods.Err(), probeFields...)
		return
	}
	if !wasRead(s, svc.Namespace) {
		d.unknown(errNamespaceNotRead(svc.Namespace), probeFields...)
		return
	}
	in := InferCheck(svc, b.ServicePort, d.NEG, pods)
	if d.NoProbe = in.Why; in.Why != "" {
		return
	}
	d.Check.Path, d.Check.Host, d.Check.Interval, d.Check.Timeout = in.Check.Path, in.Check.Host, in.Check.Interval, in.Check.Timeout
	d.set(Origin{Source: FromProbe, Name: in.From, Born: in.Born}, probeFields...)
}

func (d Desired) clone() Desired {
	d.From, d.Unknown = maps.Clone(d.From), maps.Clone(d.Unknown)
	return d
}
