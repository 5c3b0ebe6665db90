package glbc

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// A ServicePortName says which Service port a backend service stands for.
type ServicePortName struct {
	Namespace, Service string
	Port               networkingv1.ServiceBackendPort
}

var portString = regexp.MustCompile(`^&?ServiceBackendPort\{Name:([^,]*),Number:(\d+),\}$`)

// ParseDescription reads the description that GLBC writes on a backend service
// (ingress-controller.md §6): JSON with the Service and the port as the Ingress
// spells it, in the form of networking/v1's String(); older controllers wrote a
// bare number or name. ok is false for anybody else's description.
func ParseDescription(description string) (name ServicePortName, ok bool) {
	var d struct {
		Service string `json:"kubernetes.io/service-name"`
		Port    string `json:"kubernetes.io/service-port"`
	}
	if json.Unmarshal([]byte(description), &d) != nil {
		return name, false
	}
	name.Namespace, name.Service, ok = strings.Cut(d.Service, "/")
	if !ok || name.Namespace == "" || name.Service == "" {
		return ServicePortName{}, false
	}
	name.Port = parsePort(d.Port)
	return name, true
}

func parsePort(text string) networkingv1.ServiceBackendPort {
	if m := portString.FindStringSubmatch(text); m != nil {
		n, _ := strconv.ParseInt(m[2], 10, 32)
		return networkingv1.ServiceBackendPort{Name: m[1], Number: int32(n)}
	}
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return networkingv1.ServiceBackendPort{Number: int32(n)}
	}
	return networkingv1.ServiceBackendPort{Name: text}
}

// A NEGDescription is what the NEG controller writes on a NEG
// (ingress-controller.md §6).
type NEGDescription struct {
	// ClusterUID is the UID of the cluster's namespace kube-system.
	ClusterUID string `json:"cluster-uid"`
	Namespace  string `json:"namespace"`
	Service    string `json:"service-name"`
	Port       string `json:"port"`
}

// ParseNEGDescription reads a NEG's description; ok is false for anybody else's.
func ParseNEGDescription(description string) (d NEGDescription, ok bool) {
	if json.Unmarshal([]byte(description), &d) != nil || d.Service == "" || d.Namespace == "" {
		return NEGDescription{}, false
	}
	return d, true
}

// describes reports that the description of a forwarding rule or target proxy names
// an Ingress, of this cluster or another (ingress-controller.md §6).
func describes(description string, ing *networkingv1.Ingress) bool {
	return ingressIn(description) == ing.Namespace+"/"+ing.Name
}

// describesAny reports that a description names some Ingress.
func describesAny(description string) bool { return ingressIn(description) != "" }

func ingressIn(description string) string {
	var d struct {
		Ingress string `json:"kubernetes.io/ingress-name"`
	}
	if json.Unmarshal([]byte(description), &d) != nil {
		return ""
	}
	return d.Ingress
}
