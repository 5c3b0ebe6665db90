package signal

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"plumbline/internal/facts"
)

// readKubernetesAudit reads what a cluster's API server tells of a write
// (gcp-facts.md §2.2). Writes to Ingresses, Services and Gateways are triggers,
// unless a controller made them; the others are history.
func readKubernetesAudit(e *entry, a *audit) (s Signal, quiet string, err error) {
	if a.method == "" || a.resource == "" {
		return s, "", errNoIdentity
	}
	call, ok := splitMethod(a.method)
	if !ok || !call.matters() {
		return s, "", fmt.Errorf("%w: method %s", ErrIgnored, a.method)
	}
	if err = refused(e.annotations); err != nil {
		return s, "", err
	}
	if err = a.readChange(e); err != nil {
		return s, "", err
	}
	var request, response body
	if err = errors.Join(request.read(a.request, "request"), response.read(a.response, "response")); err != nil {
		return s, "", err
	}
	if response.status == "Failure" {
		return s, "", fmt.Errorf("%w: %s failed", ErrIgnored, a.method)
	}
	target, err := writtenObject(e, a, call, request, response)
	if err != nil {
		return s, "", err
	}
	if target.Kind == "Secret" {
		a.request, a.response = nil, nil
	}
	return a.signal(ObjectChanged, target), whyQuiet(a, call, target), nil
}

// refused is ErrIgnored for a call that was not meant, or not allowed, to change
// anything.
func refused(annotations json.RawMessage) error {
	var dryRun, decision string
	err := fields(
		annotations, "labels",
		field{"command.gke.io/dryRun", &dryRun}, field{"authorization.k8s.io/decision", &decision},
	)
	switch {
	case err != nil:
		return err
	case dryRun != "" && dryRun != "false":
		return fmt.Errorf("%w: a dry run", ErrIgnored)
	case decision == "forbid":
		return fmt.Errorf("%w: a call that was forbidden", ErrIgnored)
	}
	return nil
}

// A body is what we read of the object in a request or response.
type body struct{ kind, status, name string }

func (b *body) read(raw json.RawMessage, what string) error {
	if what == "request" && !isNull(raw) && raw[0] == '[' { // a JSON patch
		return nil
	}
	var (
		typ, kind        string
		metadata, status json.RawMessage
	)
	err := fields(
		raw, what,
		field{"@type", &typ}, field{"kind", &kind}, field{"metadata", &metadata}, field{"status", &status},
	)
	if err != nil {
		return err
	}
	if b.kind = typ[strings.LastIndexByte(typ, '.')+1:]; b.kind == "" {
		b.kind = kind
	}
	if b.kind == "Status" && !isNull(status) {
		if b.status, err = text(status); err != nil {
			return fmt.Errorf("%s: status %w", what, err)
		}
	}
	return fields(metadata, what+".metadata", field{"name", &b.name})
}

// writtenObject names the object that a call wrote.
func writtenObject(e *entry, a *audit, call methodCall, request, response body) (facts.Ref, error) {
	cluster, err := e.cluster()
	if err != nil {
		return facts.Ref{}, err
	}
	if cluster == "" {
		return facts.Ref{}, errNoCluster
	}
	at, ok := splitResource(a.resource, call.plural)
	if !ok {
		return facts.Ref{}, fmt.Errorf("resource name %q doesn't fit method %s", a.resource, a.method)
	}
	kind, ok := kindOf(at.group, call.plural)
	if !ok {
		return facts.Ref{}, fmt.Errorf("%w: %s of %s", ErrIgnored, call.plural, at.group)
	}
	for _, k := range []string{response.kind, request.kind, call.plural} {
		if kind == "" && isObjectKind(k) {
			kind = k
		}
	}
	for _, name := range []string{response.name, request.name} {
		if at.name == "" && call.verb == "create" {
			at.name = name
		}
	}
	ref := facts.Ref{Cluster: cluster, Kind: kind, Namespace: at.namespace, Name: at.name}
	if ref.Namespace != "" && !areNames(ref.Namespace) || ref.Namespace == "" && isTriggerKind(kind) {
		return facts.Ref{}, fmt.Errorf("resource name %q has no namespace", a.resource)
	}
	if !areNames(ref.Name) && (ref.Name != "" || call.verb != "deletecollection") {
		return facts.Ref{}, fmt.Errorf("neither resource name %q nor the object says a name", a.resource)
	}
	return ref, nil
}

// whyQuiet says why a write is no trigger; empty when it is one.
func whyQuiet(a *audit, call methodCall, target facts.Ref) string {
	switch {
	case !isTriggerKind(target.Kind):
		return "a write to " + call.plural
	case target.Name == "":
		return "a deletion of a collection names no object"
	}
	return a.noTrigger()
}

func isTriggerKind(kind string) bool {
	switch kind {
	case facts.KindIngress, facts.KindService, facts.KindGateway, facts.KindBackendConfig, facts.KindFrontendConfig:
		return true
	}
	return false
}
