package backend

import (
	"encoding/json"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// A named is the annotation that names BackendConfigs.
type named struct {
	Default string            `json:"default,omitempty"`
	Ports   map[string]string `json:"ports,omitempty"`
}

func read(raw string) named {
	var n named
	if json.Unmarshal([]byte(raw), &n) != nil {
		return named{}
	}
	return n
}

func (n named) write() string {
	text, err := json.Marshal(n)
	if err != nil {
		return ""
	}
	return string(text)
}

// renamed is the annotation with another name in one's place.
func renamed(raw, from, to string) string {
	n := read(raw)
	if n.Default == from {
		n.Default = to
	}
	for key, name := range n.Ports {
		if name == from {
			n.Ports[key] = to
		}
	}
	return n.write()
}

// rekeyed is the annotation with a port's key in the place of one that is none.
func rekeyed(raw, from string, port *corev1.ServicePort) string {
	n := read(raw)
	if name, ok := n.Ports[from]; ok {
		delete(n.Ports, from)
		n.Ports[keyOf(port)] = name
	}
	return n.write()
}

// keyOf is how the annotation names a port: by its name, else by its number.
func keyOf(port *corev1.ServicePort) string {
	if port.Name != "" {
		return port.Name
	}
	return strconv.Itoa(int(port.Port))
}
