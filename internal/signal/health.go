package signal

import (
	"encoding/json"
	"errors"
	"fmt"

	"plumbline/internal/facts"
)

const (
	healthy   = "HEALTHY"
	unhealthy = "UNHEALTHY"
)

// readHealth reads a health check's log entry (gcp-facts.md §3). UNHEALTHY is
// always a trigger: an endpoint that never was healthy changes in detail only.
func readHealth(e *entry) (s Signal, quiet string, err error) {
	h, err := readTransition(e.jsonPayload)
	if err != nil {
		return s, "", err
	}
	switch {
	case h.State == "":
		return s, "", errors.New("the health-check entry has no healthState")
	case h.State == healthy && h.Previous == healthy:
		return s, "", fmt.Errorf("%w: HEALTHY as before", ErrIgnored)
	case h.State != healthy && h.State != unhealthy:
		return s, "", fmt.Errorf("%w: healthState %q", ErrIgnored, h.State)
	}
	target, err := probedGroup(e)
	if err != nil {
		return s, "", err
	}
	if target.Kind == facts.KindInstanceGroup {
		target.Port = h.Port
	}
	return Signal{Kind: HealthChanged, Target: target, Health: h}, "", nil
}

// readTransition reads the payload, in which every field can be absent.
func readTransition(payload json.RawMessage) (*Health, error) {
	var (
		h        Health
		result   json.RawMessage
		ofTarget string
	)
	if err := fields(payload, "jsonPayload", field{"healthCheckProbeResult", &result}); err != nil {
		return nil, err
	}
	err := fields(
		result, "healthCheckProbeResult",
		field{"healthState", &h.State}, field{"previousHealthState", &h.Previous}, field{"detailedHealthState", &h.Detailed},
		field{"ipAddress", &h.IP}, field{"targetIp", &ofTarget}, field{"targetPort", &h.Port},
		field{"healthCheckProtocol", &h.Protocol}, field{"probeRequest", &h.Path}, field{"probeResultText", &h.ResultText},
		field{"connectLatency", &h.ConnectLatency}, field{"responseLatency", &h.ResponseLatency},
	)
	if ofTarget != "" {
		h.IP = ofTarget
	}
	return &h, err
}

// probedGroup is the group that the endpoint is in. Of a NEG the entry knows the
// number only.
func probedGroup(e *entry) (facts.Ref, error) {
	var project, zone, location, neg, group, name string
	err := fields(
		e.labels, "resource.labels",
		field{"project_id", &project}, field{"zone", &zone}, field{"location", &location},
		field{"network_endpoint_group_id", &neg}, field{"instance_group_id", &group}, field{"instance_group_name", &name},
	)
	if err != nil {
		return facts.Ref{}, err
	}
	ref := facts.Ref{Project: project, Kind: facts.KindNEG, Scope: scopeOf(zone), ID: neg}
	where := zone
	if e.resource == "gce_instance_group" {
		ref.Kind, ref.Scope, ref.ID, ref.Name = facts.KindInstanceGroup, scopeOf(location), group, name
		where = location
	}
	if !areNames(project, where) || !isNumber(ref.ID) || ref.Name != "" && !areNames(ref.Name) {
		return facts.Ref{}, fmt.Errorf("the labels of %s don't say which group: project %q, location %q, id %q, name %q", e.resource, project, where, ref.ID, ref.Name)
	}
	return ref, nil
}
