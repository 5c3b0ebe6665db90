package signal

import (
	"encoding/json"
	"errors"
	"fmt"

	"plumbline/internal/facts"
)

// readEvent reads a Kubernetes event (gcp-facts.md §5). The type alone says
// little: the shared-VPC firewall event and the timeout of a readiness gate are
// Normal.
func readEvent(e *entry) (s Signal, quiet string, err error) {
	var (
		ev               Event
		source, involved json.RawMessage
		reporting        string
		object           facts.Ref
	)
	err = fields(
		e.jsonPayload, "jsonPayload",
		field{"type", &ev.Type}, field{"reason", &ev.Reason}, field{"message", &ev.Message},
		field{"source", &source}, field{"involvedObject", &involved}, field{"reportingComponent", &reporting},
	)
	if err != nil {
		return s, "", err
	}
	err = errors.Join(
		fields(source, "source", field{"component", &ev.Component}),
		fields(
			involved, "involvedObject",
			field{"kind", &object.Kind}, field{"namespace", &object.Namespace}, field{"name", &object.Name}, field{"uid", &ev.UID},
		),
	)
	if err != nil {
		return s, "", err
	}
	if ev.Component == "" {
		ev.Component = reporting
	}
	if !ev.matters(object.Kind) {
		return s, "", fmt.Errorf("%w: event %s of %s on a %s", ErrIgnored, ev.Reason, ev.Component, object.Kind)
	}
	if object.Cluster, err = e.cluster(); err != nil {
		return s, "", err
	}
	if object.Cluster == "" {
		return s, "", errNoCluster
	}
	if !areNames(object.Namespace, object.Name) {
		return s, "", fmt.Errorf("involvedObject has namespace %q and name %q", object.Namespace, object.Name)
	}
	return Signal{Kind: EventSeen, Target: object, Event: &ev}, "", nil
}

// matters reports a controller's complaint, or its word that all is well again.
func (ev *Event) matters(kind string) bool {
	warning := ev.Type == "Warning"
	switch {
	case ev.Component == "loadbalancer-controller" && kind == facts.KindIngress:
		return warning || ev.Reason == "XPN" || ev.Reason == "IPChanged"
	case ev.Component == "neg-controller" && kind == facts.KindService:
		return warning
	case ev.Component == "neg-readiness-reflector" && kind == facts.KindPod:
		return ev.Reason == "LoadBalancerNegTimeout"
	}
	return false
}
