package glbc

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// longestParts is how long namespace, Service and port may be together in a name;
// with prefix, UID and hash that makes 63 (ingress-controller.md §6).
const longestParts = 38

// NEGName is the name that the controllers give the NEG, the backend service and the
// health check of a Service port: k8s1-<u8>-<namespace>-<service>-<port>-<h8>. u8 is
// the start of the cluster's ingress UID, h8 the start of the SHA-256 of
// "u8;namespace;service;port". Parts that are too long together are trimmed, the
// longer ones more (ingress-controller.md §6).
func NEGName(uid, namespace, service string, port int32) string {
	u8 := uid[:min(8, len(uid))]
	parts := []string{namespace, service, strconv.Itoa(int(port))}
	sum := sha256.Sum256([]byte(strings.Join(append([]string{u8}, parts...), ";")))
	return "k8s1-" + u8 + "-" + strings.Join(trimmed(parts, longestParts), "-") + "-" + hex.EncodeToString(sum[:])[:8]
}

// trimmed shortens parts to a total length, each by its share of the excess rounded
// up; what that takes too much is given back, one character a part from the first.
func trimmed(parts []string, most int) []string {
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	if total <= most {
		return parts
	}
	left := most
	keep := make([]int, len(parts))
	for i, p := range parts {
		keep[i] = len(p) - len(p)*(total-most)/total - 1
		left -= keep[i]
	}
	out := make([]string, len(parts))
	for i, p := range parts {
		if i < left {
			keep[i]++
		}
		out[i] = p[:keep[i]]
	}
	return out
}

// InstanceGroupBackendName is the start of the name of the backend service of a node
// port; the cluster's UID follows (ingress-controller.md §6).
func InstanceGroupBackendName(nodePort int32) string { return fmt.Sprintf("k8s-be-%d--", nodePort) }

// named reports that a backend service without GLBC's description is this Service
// port's all the same (ingress-controller.md §6, mapping procedure): its NEG's
// description says so, or its name is the one that the controllers would give.
func (b Backend) named(s *facts.Snapshot, bs *computepb.BackendService) bool {
	for _, backend := range bs.GetBackends() {
		neg, ok := NEGOf(s, backend.GetGroup())
		if !ok {
			continue
		}
		if d, ok := ParseNEGDescription(neg.GetDescription()); ok {
			return d.Namespace == b.Namespace && d.Service == b.Service && b.isPort(d.Port)
		}
	}
	if b.ServicePort == nil {
		return false
	}
	if b.ServicePort.NodePort != 0 && strings.HasPrefix(bs.GetName(), InstanceGroupBackendName(b.ServicePort.NodePort)) {
		return true
	}
	return IsNEGName(bs.GetName(), b.Namespace, b.Service, b.ServicePort.Port)
}

func (b Backend) isPort(text string) bool {
	if b.ServicePort == nil {
		return false
	}
	return text == strconv.Itoa(int(b.ServicePort.Port)) || text != "" && text == b.ServicePort.Name
}

// IsNEGName reports that a name is NEGName's for some cluster: the one whose UID it
// carries. Names whose parts weren't trimmed are recognised by the parts alone.
func IsNEGName(name, namespace, service string, port int32) bool {
	rest, ok := strings.CutPrefix(name, "k8s1-")
	if !ok {
		return false
	}
	u8, rest, ok := strings.Cut(rest, "-")
	if !ok {
		return false
	}
	return name == NEGName(u8, namespace, service, port) || strings.HasPrefix(rest, strings.Join([]string{namespace, service, strconv.Itoa(int(port))}, "-")+"-")
}
