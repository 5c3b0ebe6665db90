package backend

import (
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// alphaProtocols wins over the current annotation where a Service has both
// (ingress-controller.md §3).
const alphaProtocols = "service.alpha.kubernetes.io/app-protocols"

// protocolsKey is the annotation of a Service that says what is spoken to its ports.
func protocolsKey(svc *corev1.Service) string {
	if _, ok := svc.Annotations[alphaProtocols]; ok {
		return alphaProtocols
	}
	return glbc.AppProtocolsAnnotation
}

// protocolsWith is that annotation's value with one port's protocol set.
func protocolsWith(svc *corev1.Service, port, protocol string) string {
	all := glbc.AppProtocols(svc)
	all[port] = protocol
	text, err := json.Marshal(all)
	if err != nil {
		return `{"` + port + `":"` + protocol + `"}`
	}
	return string(text)
}

// wroteProtocol is who asked for the protocol that is spoken now; nil where the log
// doesn't tell.
func (t *traffic) wroteProtocol(c cause.Case, service facts.Ref, protocol string) *cause.Change {
	svc, ok := t.Object.Get()
	if !ok {
		return nil
	}
	ch := c.Wrote(service, `metadata.annotations["`+protocolsKey(svc)+`"]`)
	if ch == nil || ch.To == nil || !strings.Contains(*ch.To, protocol) {
		return nil
	}
	return ch
}
