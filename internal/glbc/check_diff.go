package glbc

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// A Drift is why a health check isn't as GLBC would create it today.
type Drift string

// The drifts (ingress-controller.md §2, "Update policy").
const (
	// DriftBeforePods: it was made with defaults, and the pods whose probe could be used
	// came later, as the first or in a rollout that brought the probe.
	DriftBeforePods Drift = "before-pods"
	// DriftProbeChanged: it was made with a readiness probe that has changed since, or
	// was edited.
	DriftProbeChanged Drift = "probe-changed"
	// DriftEdited: nothing that the controller reads asks for the value, so it was
	// edited or is left from a BackendConfig or an earlier Service.
	DriftEdited Drift = "edited"
	// DriftNotSynced: the controller brings the field back on every sync, so it isn't
	// syncing, or hasn't yet.
	DriftNotSynced Drift = "not-synced"
	// DriftOtherCheck: the check is of another kind of backend; the controller makes a
	// new one.
	DriftOtherCheck Drift = "other-check"
)

// A CheckDifference is one field of a health check that isn't as GLBC would create it.
type CheckDifference struct {
	// Field is empty for DriftOtherCheck.
	Field CheckField
	Want  string
	Have  string
	// Origin is what asks for Want.
	Origin Origin
	// Kept: the controller leaves it so for ever. Otherwise it brings it back.
	Kept  bool
	Drift Drift
	// Why is for people.
	Why string
}

// CompareCheck tells where a live health check isn't what GLBC would create, and
// whether the controller will change that: path, host, times and thresholds of an
// existing check are kept, protocol, the port's specification and what a BackendConfig
// sets are brought back (ingress-controller.md §2, "Update policy"). Fields that aren't known are left
// out.
func CompareCheck(live *computepb.HealthCheck, want Desired) []CheckDifference {
	if want.Err != nil || live == nil {
		return nil
	}
	if other := otherCheck(live, want); other != nil {
		return []CheckDifference{*other}
	}
	have := CheckOf(live)
	var list []CheckDifference
	for _, f := range CheckFields {
		origin, known := want.Origins[f]
		w, h := want.Check.text(f), have.text(f)
		if !known || w == h || !have.HTTP() && (f == CheckFieldPath || f == CheckFieldHost || f == CheckFieldPort) {
			continue // A check that isn't of the HTTP family has its own settings.
		}
		d := CheckDifference{Field: f, Want: w, Have: h, Origin: origin, Kept: kept(live, want, f)}
		d.Drift, d.Why = driftOf(live, have, want, d)
		list = append(list, d)
	}
	return list
}

// otherCheck finds a check that GLBC made for instance groups where it would now make
// one for NEGs, or the other way round, or in the other scope: those have another name
// or place, so nothing is carried over.
func otherCheck(live *computepb.HealthCheck, want Desired) *CheckDifference {
	kind := func(neg, regional bool) string {
		switch {
		case regional:
			return "a regional check for NEGs"
		case neg:
			return "a check for NEGs"
		}
		return "a check for instance groups"
	}
	name, ok := ParseName(live.GetName())
	if !ok || name.Kind != NameServicePort && name.Kind != NameNodePort {
		return nil
	}
	neg, regional := name.Kind == NameServicePort, live.GetRegion() != "" || strings.HasPrefix(scopeIn(live.GetSelfLink()), "regions/")
	if neg == want.NEG && regional == want.Regional {
		return nil
	}
	return &CheckDifference{
		Want: kind(want.NEG, want.Regional), Have: kind(neg, regional), Drift: DriftOtherCheck,
		Why: "the controller makes a new health check under another name, from the readiness probe or the defaults of that moment",
	}
}

// kept: the controller leaves a field of an existing check as it is. A check of the
// transparent health checker is compared in full, also when it was one until now. Of a
// port only the specification is compared, and a node port's check has none, so that an
// edited number stays.
func kept(live *computepb.HealthCheck, want Desired, f CheckField) bool {
	o := want.Origins[f]
	switch {
	case o.Kind == FromBackendConfig || o.Kind == FromTransparent || MadeFrom(live) == FromTransparent:
		return false
	case f == CheckFieldPort:
		return !want.NEG && portSpecification(live) == ""
	}
	return f != CheckFieldType
}

// portSpecification is what the check itself says; empty where it says nothing.
func portSpecification(live *computepb.HealthCheck) string {
	switch {
	case live.HttpHealthCheck != nil:
		return live.GetHttpHealthCheck().GetPortSpecification()
	case live.HttpsHealthCheck != nil:
		return live.GetHttpsHealthCheck().GetPortSpecification()
	case live.Http2HealthCheck != nil:
		return live.GetHttp2HealthCheck().GetPortSpecification()
	}
	return ""
}

func (c Check) text(f CheckField) string {
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	switch f {
	case CheckFieldType:
		return c.Type
	case CheckFieldPort:
		if c.Port == 0 {
			return "serving port"
		}
		return strconv.Itoa(int(c.Port))
	case CheckFieldPath:
		return c.Path
	case CheckFieldHost:
		return c.Host
	case CheckFieldInterval:
		return seconds(c.Interval)
	case CheckFieldTimeout:
		return seconds(c.Timeout)
	case CheckFieldHealthy:
		return strconv.Itoa(c.Healthy)
	case CheckFieldUnhealthy:
		return strconv.Itoa(c.Unhealthy)
	}
	return ""
}

// driftOf explains a difference by what the check says of its making, and by when it
// was made.
func driftOf(live *computepb.HealthCheck, have Check, want Desired, d CheckDifference) (Drift, string) {
	if !d.Kept && MadeFrom(live) == FromTransparent && d.Origin.Kind != FromTransparent {
		return DriftNotSynced, "the check is the transparent health checker's, which the Service no longer asks for; the controller makes all of it anew"
	}
	if !d.Kept {
		return DriftNotSynced, fmt.Sprintf("the controller sets it from the %s on every sync", d.Origin)
	}
	made, dated := createdAt(live)
	on := ""
	if dated {
		on = " on " + made.UTC().Format(time.DateTime)
	}
	from := MadeFrom(live)
	original := have.text(d.Field) == defaultCheck(have.Type, want.NEG).text(d.Field)
	switch {
	case d.Origin.Kind == FromProbe && from == FromProbe:
		return DriftProbeChanged, "the check was made" + on + " with the readiness probe of that time; the probe was changed later, or the check edited, and the controller keeps what is there"
	case d.Origin.Kind == FromProbe && original && dated && want.Pod.CreationTimestamp.After(made):
		return DriftBeforePods, fmt.Sprintf("the check was made%s with the default, before pod %s (%s) whose readiness probe could be used; the controller keeps what is there",
			on, want.Pod.Name, want.Pod.CreationTimestamp.UTC().Format(time.DateTime))
	case d.Origin.Kind == FromProbe && original:
		return DriftProbeChanged, "the check was made" + on + " with the default: no readiness probe could be used for the Service as it was then, or the check was edited; the controller keeps what is there"
	case from == FromProbe && want.WhyNoProbe != "":
		return DriftProbeChanged, "the check was made" + on + " with a readiness probe; none can be used now: " + want.WhyNoProbe + "; the controller keeps what is there"
	case from == FromBackendConfig:
		return DriftEdited, "the value is left from an earlier " + string(from) + ", or was edited; the controller keeps what is there"
	}
	return DriftEdited, "nothing that the controller reads asks for the value: it was edited, or an earlier BackendConfig set it; the controller keeps what is there"
}

func createdAt(live *computepb.HealthCheck) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, live.GetCreationTimestamp())
	return t, err == nil
}

// MadeFrom is what a health check says it was made from; empty where it doesn't say. A
// BackendConfig may have set fields since: the text stays
// (ingress-controller.md §2).
func MadeFrom(live *computepb.HealthCheck) OriginKind {
	text := live.GetDescription()
	var d struct {
		Config string `json:"config"`
	}
	if json.Unmarshal([]byte(text), &d) == nil {
		return map[string]OriginKind{
			"Default": FromDefault, "ReadinessProbe": FromProbe, "BackendConfig": FromBackendConfig, "TransparentHC": FromTransparent,
		}[d.Config]
	}
	switch {
	case strings.HasPrefix(text, "Default kubernetes L7 Loadbalancing health check"):
		return FromDefault
	case text == "Kubernetes L7 health check generated with readiness probe settings.":
		return FromProbe
	}
	return ""
}
