package glbc

import (
	"encoding/json"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// Annotations of a Service (ingress-controller.md §3).
const (
	NEGAnnotation          = "cloud.google.com/neg"
	NEGStatusAnnotation    = "cloud.google.com/neg-status"
	AppProtocolsAnnotation = "cloud.google.com/app-protocols"
	// appProtocolsAlpha wins over AppProtocolsAnnotation where both are present.
	appProtocolsAlpha = "service.alpha.kubernetes.io/app-protocols"
)

// A NEGRequest is what the annotation cloud.google.com/neg asks for.
type NEGRequest struct {
	// Present and Valid tell whether there is an annotation, and whether it is JSON of
	// the right shape; GLBC treats an invalid one as none (ingress-controller.md §1.7).
	Present, Valid bool
	// Ingress: NEGs for the ports that an Ingress references.
	Ingress bool
	// Exposed are the names of the NEGs for single ports, by port; empty for the
	// controller's own name.
	Exposed map[int32]string
	// Raw is the annotation's text.
	Raw string
}

// NEGRequestOf reads a Service's annotation.
func NEGRequestOf(svc *corev1.Service) NEGRequest {
	raw, ok := svc.Annotations[NEGAnnotation]
	if !ok {
		return NEGRequest{}
	}
	var a struct {
		Ingress      bool                            `json:"ingress"`
		ExposedPorts map[int32]struct{ Name string } `json:"exposed_ports"`
		Zones        []string                        `json:"zones"`
	}
	if err := json.Unmarshal([]byte(raw), &a); err != nil {
		return NEGRequest{Present: true, Raw: raw}
	}
	r := NEGRequest{Present: true, Valid: true, Ingress: a.Ingress, Raw: raw}
	for port, attributes := range a.ExposedPorts {
		if r.Exposed == nil {
			r.Exposed = map[int32]string{}
		}
		r.Exposed[port] = attributes.Name
	}
	return r
}

// NeedsNEG reports that GLBC refuses the Service without a NEG: its type has no
// node port (ingress-controller.md §1.2, svc-type-needs-neg).
func NeedsNEG(svc *corev1.Service) bool {
	switch svc.Spec.Type {
	case corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer:
		return false
	case corev1.ServiceTypeClusterIP, corev1.ServiceTypeExternalName, "":
	}
	return !NEGRequestOf(svc).Ingress
}

// WithBackendConfig is the annotation that names a BackendConfig for a port of a
// Service and leaves what it says of others: by the port's name or number beside
// others, as the default where there is none.
func WithBackendConfig(svc *corev1.Service, port *corev1.ServicePort, name string) string {
	named := map[string]any{"default": name}
	raw, ok := svc.Annotations["cloud.google.com/backend-config"]
	if !ok {
		raw, ok = svc.Annotations["beta.cloud.google.com/backend-config"]
	}
	var have struct {
		Default string            `json:"default,omitempty"`
		Ports   map[string]string `json:"ports,omitempty"`
	}
	if ok && port != nil && json.Unmarshal([]byte(raw), &have) == nil {
		if have.Ports == nil {
			have.Ports = map[string]string{}
		}
		key := port.Name
		if key == "" {
			key = strconv.Itoa(int(port.Port))
		}
		have.Ports[key] = name
		named = map[string]any{"ports": have.Ports}
		if have.Default != "" {
			named["default"] = have.Default
		}
	}
	text, err := json.Marshal(named)
	if err != nil {
		return `{"default":"` + name + `"}`
	}
	return string(text)
}

// Refused reports that GLBC refuses the Backend's Service, so that no backend
// service can be expected.
func Refused(b Backend) bool {
	svc, ok := b.Object.Get()
	return ok && NeedsNEG(svc)
}

// negNames are the names of the NEGs of a Service, by port number, as the NEG
// controller wrote them. Presence doesn't mean that the NEG exists.
func negNames(svc *corev1.Service) map[int32]string {
	var status struct {
		Groups map[string]string `json:"network_endpoint_groups"`
	}
	if json.Unmarshal([]byte(svc.Annotations[NEGStatusAnnotation]), &status) != nil {
		return nil
	}
	names := map[int32]string{}
	for port, name := range status.Groups {
		if n, err := strconv.ParseInt(port, 10, 32); err == nil {
			names[int32(n)] = name
		}
	}
	return names
}

// BackendConfigOf is the name of the BackendConfig that applies to a port of a
// Service: by the port's name, its number, or the default (ingress-controller.md
// §3); empty when none is named.
func BackendConfigOf(svc *corev1.Service, port *corev1.ServicePort) string {
	raw, ok := svc.Annotations["cloud.google.com/backend-config"]
	if !ok {
		raw = svc.Annotations["beta.cloud.google.com/backend-config"]
	}
	var named struct {
		Default string            `json:"default"`
		Ports   map[string]string `json:"ports"`
	}
	if json.Unmarshal([]byte(raw), &named) != nil {
		return ""
	}
	if port != nil {
		for _, key := range []string{port.Name, strconv.Itoa(int(port.Port))} {
			if name := named.Ports[key]; key != "" && name != "" {
				return name
			}
		}
	}
	return named.Default
}

// AppProtocol is the protocol between load balancer and pods for the port of this
// name: HTTP, HTTPS or HTTP2. No match means HTTP.
func AppProtocol(svc *corev1.Service, portName string) string {
	if p := AppProtocols(svc)[portName]; p != "" {
		return p
	}
	return "HTTP"
}

// AppProtocols is the annotation that says which protocol the load balancer speaks
// to each port, by the port's name only (ingress-controller.md §1.11.6, §3); empty
// when it is missing or invalid. The map is the caller's.
func AppProtocols(svc *corev1.Service) map[string]string {
	raw, ok := svc.Annotations[appProtocolsAlpha]
	if !ok {
		raw = svc.Annotations[AppProtocolsAnnotation]
	}
	protocols := map[string]string{}
	if json.Unmarshal([]byte(raw), &protocols) != nil {
		return map[string]string{}
	}
	return protocols
}
