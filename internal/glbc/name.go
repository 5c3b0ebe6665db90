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

// named reports that a backend service without GLBC's description is this Service
// port's all the same (ingress-controller.md §6, mapping procedure): its NEG's
// description says so, its name ends in the hash of the names, or its name has the
// Service's node port.
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
	if b.ServicePort.NodePort != 0 && strings.HasPrefix(bs.GetName(), fmt.Sprintf("k8s-be-%d--", b.ServicePort.NodePort)) {
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

// IsNEGName reports that a name is the one that the controllers give the NEG, the
// backend service and the health check of a Service port: k8s1-<u8>-…-<h8>, where
// h8 is the start of the SHA-256 of "u8;namespace;service;port". The parts between
// may be trimmed, so the hash counts, or all parts in full (ingress-controller.md
// §6).
func IsNEGName(name, namespace, service string, port int32) bool {
	rest, ok := strings.CutPrefix(name, "k8s1-")
	if !ok {
		return false
	}
	u8, rest, ok := strings.Cut(rest, "-")
	if !ok {
		return false
	}
	parts := []string{namespace, service, strconv.Itoa(int(port))}
	sum := sha256.Sum256([]byte(strings.Join(append([]string{u8}, parts...), ";")))
	return strings.HasSuffix(rest, "-"+hex.EncodeToString(sum[:])[:8]) || strings.HasPrefix(rest, strings.Join(parts, "-")+"-")
}
