package glbc

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// servicePort checks a Service port that an Ingress names, in the controller's order:
// the first fault hides the later ones (ingress-controller.md §1.2, §1.3).
func (t *translator) servicePort(name ServicePortName, field string, add func(Fault)) {
	on := t.ofService(name.Namespace, name.Service)
	service := name.Namespace + "/" + name.Service
	found := ServiceOf(t.s, name.Namespace, name.Service)
	svc, ok := found.Get()
	if !ok {
		add(Fault{
			Code: ServiceNotFound, Stage: StageTranslate, Names: on, Field: field, Err: found.Err(),
			Message: "could not find service " + strconv.Quote(service),
		})
		return
	}
	port := PortOf(svc, name.Port)
	if port == nil {
		add(Fault{
			Code: ServicePortNotFound, Stage: StageTranslate, Names: on, Field: field + ".port",
			Message: fmt.Sprintf("could not find port %q in service %q", portText(name.Port), service),
		})
		return
	}
	if NeedsNEG(svc) {
		kind := svc.Spec.Type
		if kind == "" {
			kind = corev1.ServiceTypeClusterIP
		}
		add(Fault{
			Code: ServiceTypeNeedsNEG, Stage: StageTranslate, On: on, Field: NEGAnnotation,
			Message: fmt.Sprintf(`service %q is type %q, expected "NodePort" or "LoadBalancer" when not using NEGs`, service, kind),
		})
		return
	}
	if why := appProtocolsFault(svc); why != "" {
		add(Fault{
			Code: AppProtocolsInvalid, Stage: StageTranslate, On: on, Field: appProtocolsKey(svc),
			// The controller names the older annotation whichever is wrong.
			Message: fmt.Sprintf("could not parse %q annotation on service %q, err: %s", appProtocolsAlpha, service, why),
		})
		return
	}
	t.trafficScaling(svc, on, add)
	t.backendConfig(svc, port, name.Port, on, add)
}

func appProtocolsKey(svc *corev1.Service) string {
	if _, ok := svc.Annotations[appProtocolsAlpha]; ok {
		return appProtocolsAlpha
	}
	return AppProtocolsAnnotation
}

// appProtocolsFault says what is wrong with the annotation, in the controller's
// words; empty when nothing is.
func appProtocolsFault(svc *corev1.Service) string {
	raw, ok := svc.Annotations[appProtocolsKey(svc)]
	if !ok {
		return ""
	}
	var protocols map[string]string
	err := json.Unmarshal([]byte(raw), &protocols)
	for _, port := range slices.Sorted(maps.Keys(protocols)) {
		switch p := protocols[port]; p {
		case "HTTP", "HTTPS", "HTTP2":
		default:
			return "invalid port application protocol: " + p
		}
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// Annotations that the controller reads where its flag enable-traffic-scaling is on.
const (
	maxRateAnnotation  = "networking.gke.io/max-rate-per-endpoint"
	capacityAnnotation = "networking.gke.io/capacity-scaler"
)

type flagError string

func (e flagError) Error() string {
	return "whether the controller's flag " + string(e) + " is on isn't known"
}

func (t *translator) trafficScaling(svc *corev1.Service, on facts.Ref, add func(Fault)) {
	for _, key := range []string{maxRateAnnotation, capacityAnnotation} {
		raw, ok := svc.Annotations[key]
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(raw, 64)
		if err != nil || v < 0 || key == capacityAnnotation && v > 1 {
			add(Fault{
				Code: TrafficScalingInvalid, Stage: StageTranslate, On: on, Field: key, Err: flagError("enable-traffic-scaling"),
				Message: "invalid value for Service annotation " + key,
			})
		}
	}
}

// Annotations that name BackendConfigs; the first wins where both are present.
const (
	BackendConfigAnnotation = "cloud.google.com/backend-config"
	backendConfigBeta       = "beta.cloud.google.com/backend-config"
)

// A configRequest is what the annotation says.
type configRequest struct {
	key     string
	Default string            `json:"default"`
	Ports   map[string]string `json:"ports"`
	present bool
	err     error
}

func configRequestOf(svc *corev1.Service) configRequest {
	for _, key := range []string{BackendConfigAnnotation, backendConfigBeta} {
		if raw, ok := svc.Annotations[key]; ok {
			r := configRequest{}
			err := json.Unmarshal([]byte(raw), &r)
			r.key, r.present, r.err = key, true, err
			return r
		}
	}
	return configRequest{}
}

// of is the BackendConfig for a port; empty where none is named, and the controller
// applies none without a word.
func (r configRequest) of(p *corev1.ServicePort) string {
	if name, ok := r.Ports[p.Name]; ok {
		return name
	}
	if name, ok := r.Ports[strconv.Itoa(int(p.Port))]; ok {
		return name
	}
	return r.Default
}

func (t *translator) backendConfig(svc *corev1.Service, port *corev1.ServicePort, asked networkingv1.ServiceBackendPort, on facts.Ref, add func(Fault)) {
	r := configRequestOf(svc)
	getting := fmt.Sprintf("error getting BackendConfig for port %q on service %q, err: ", portText(asked), svc.Namespace+"/"+svc.Name)
	invalid := Fault{Code: ConfigAnnotationInvalid, Stage: StageTranslate, On: on, Field: r.key}
	switch {
	case !r.present:
		return
	case r.err != nil:
		invalid.Variant, invalid.Message = NotJSON, getting+"BackendConfig annotation is invalid json"
		add(invalid)
		return
	case r.Default == "" && len(r.Ports) == 0:
		invalid.Variant, invalid.Message = NamesNoneAt, getting+"no BackendConfig's found in annotation"
		add(invalid)
		return
	}
	name := r.of(port)
	if name == "" {
		return
	}
	found := BackendConfigNamed(t.s, svc.Namespace, name)
	bc, ok := found.Get()
	if !ok {
		add(Fault{
			Code: ConfigNotFound, Stage: StageTranslate, On: on, Field: r.key, Err: found.Err(),
			Names:   facts.Ref{Cluster: t.s.ClusterName, Kind: facts.KindBackendConfig, Namespace: svc.Namespace, Name: name},
			Message: getting + "no BackendConfig for service port exists.",
		})
		return
	}
	t.validate(bc, add)
}
