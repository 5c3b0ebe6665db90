package glbc

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
)

// A FieldDiff is one setting of a live health check that isn't what the controller
// would make today.
type FieldDiff struct {
	Field      CheckField
	Want, Have string
	// From is where Want comes from.
	From Origin
	// Kept: the controller leaves what is there, so nothing is out of order. Otherwise it
	// sets Want at its next sync; a difference that stays means that it doesn't sync.
	Kept  bool
	Drift Drift
	// Why is what tells how it came about, for people.
	Why string
}

// A Drift is how a difference came about, as far as the check itself tells.
type Drift string

// NotSynced: the controller hasn't set the field yet. BeforePods: the check is older
// than the pods, so that there was no probe to take. ProbeLater: it is younger, but was
// made without the probe. ProbeChanged: it was taken from a probe that was another then,
// or was edited since. ConfigRemoved: a BackendConfig set it once. ByHand: it is neither
// a default nor from the objects.
const (
	NotSynced     Drift = "not synced"
	BeforePods    Drift = "older than the pods"
	ProbeLater    Drift = "the probe came later"
	ProbeChanged  Drift = "the probe was changed"
	ConfigRemoved Drift = "the BackendConfig was removed"
	ByHand        Drift = "edited by hand"
)

// MadeFrom tells from a health check's description what GLBC made it from
// (ingress-controller.md §2, gcp-facts.md §3); empty for anybody else's check. The text
// stays when a BackendConfig sets fields later.
func MadeFrom(hc *computepb.HealthCheck) Source {
	text := hc.GetDescription()
	var d struct {
		Config string `json:"config"`
	}
	if json.Unmarshal([]byte(text), &d) == nil {
		switch d.Config {
		case "Default":
			return FromDefault
		case "ReadinessProbe":
			return FromProbe
		case "BackendConfig":
			return FromConfig
		case "TransparentHC":
			return FromTransparent
		}
		return ""
	}
	switch {
	case strings.HasPrefix(text, "Default kubernetes L7 Loadbalancing health check"):
		return FromDefault
	case text == "Kubernetes L7 health check generated with readiness probe settings.":
		return FromProbe
	case text == "Kubernetes L7 health check generated with BackendConfig CRD.":
		return FromConfig
	case text == "Kubernetes L7 transparent health check.":
		return FromTransparent
	}
	return ""
}

// CompareCheck tells which fields of a live health check differ from what is desired,
// and which of those the controller leaves alone (ingress-controller.md §2, "Update
// policy"): of an existing check it compares type and port, and the fields that a
// BackendConfig sets. Fields that aren't known are not compared.
func CompareCheck(live *computepb.HealthCheck, d Desired) []FieldDiff {
	have := CheckOf(live)
	var list []FieldDiff
	for _, f := range CheckFields {
		if d.Unknown[f] != nil || f == FieldLogging {
			continue // GLBC has no say in logging.
		}
		want, is := fieldText(d.Check, f), fieldText(have, f)
		if want == is || !have.HTTP() && f.ofHTTP() {
			continue
		}
		diff := FieldDiff{Field: f, Want: want, Have: is, From: d.From[f], Drift: NotSynced, Why: notSynced(d)}
		if d.keeps(live, f) {
			diff.Kept = true
			diff.Drift, diff.Why = drifted(live, have, d, f)
		}
		list = append(list, diff)
	}
	return list
}

func notSynced(d Desired) string {
	if d.Stopped != "" {
		return "the controller stops before it: " + d.Stopped
	}
	return "the controller sets it at its next sync"
}

func (f CheckField) ofHTTP() bool { return f == FieldPath || f == FieldHost }

// keeps reports that the controller leaves a field of an existing check as it is.
func (d Desired) keeps(live *computepb.HealthCheck, f CheckField) bool {
	if d.recalculates(live) && f != FieldLogging {
		return false
	}
	switch f {
	case FieldType:
		return false
	case FieldPort:
		return d.keepsPort(live)
	case FieldPath, FieldInterval, FieldTimeout, FieldHealthy, FieldUnhealthy:
		return d.From[f].Source != FromConfig
	case FieldHost, FieldLogging:
	}
	return true
}

// recalculates: a check of the transparent health checker is compared in full, also
// when it was one until now.
func (d Desired) recalculates(live *computepb.HealthCheck) bool {
	return d.From[FieldType].Source == FromTransparent || MadeFrom(live) == FromTransparent && d.undecided == nil
}

// keepsPort: of a port without a BackendConfig only the specification is compared. A
// check of node ports has none, and keeps its number until something else changes.
func (d Desired) keepsPort(live *computepb.HealthCheck) bool {
	return !d.NEG && d.From[FieldPort].Source != FromConfig && portSpecification(live) == ""
}

// portSpecification is the specification as the check has it.
func portSpecification(hc *computepb.HealthCheck) string {
	switch {
	case hc.HttpHealthCheck != nil:
		return hc.GetHttpHealthCheck().GetPortSpecification()
	case hc.HttpsHealthCheck != nil:
		return hc.GetHttpsHealthCheck().GetPortSpecification()
	case hc.Http2HealthCheck != nil:
		return hc.GetHttp2HealthCheck().GetPortSpecification()
	}
	return ""
}

// drifted tells how a difference that is kept came about.
func drifted(live *computepb.HealthCheck, have Check, d Desired, f CheckField) (drift Drift, why string) {
	made := MadeFrom(live)
	ordinary := fieldText(have, f) == fieldText(defaultCheck(have.Type, d.NEG), f)
	switch {
	case made == FromConfig:
		return ConfigRemoved, "a BackendConfig set it once; the controller doesn't take back what one no longer says"
	case made == FromProbe:
		return ProbeChanged, "it was taken from a readiness probe when the check was made; the probe is another now, or the check was edited by hand"
	case made == FromDefault && ordinary && d.From[f].Source == FromProbe:
		return defaulted(live, d.From[f])
	case made == FromDefault && !ordinary:
		return ByHand, "the check was made with the default, and edited by hand or by a BackendConfig that is gone"
	}
	return "", "the controller doesn't change it in an existing check"
}

func defaulted(live *computepb.HealthCheck, from Origin) (drift Drift, why string) {
	made, err := time.Parse(time.RFC3339, live.GetCreationTimestamp())
	switch {
	case err != nil || from.Born.IsZero():
		return "", "the check was made with the default; a readiness probe counts only when the check is made"
	case from.Born.After(made):
		return BeforePods, "the check (" + minute(made) + ") is older than pod " + from.Name + " (" + minute(from.Born) + "), and a readiness probe counts only when the check is made"
	}
	return ProbeLater, "pod " + from.Name + " (" + minute(from.Born) + ") is older than the check (" + minute(made) + "), which was made without its readiness probe all the same"
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// fieldText is a field's value for people and for comparing.
func fieldText(c Check, f CheckField) string {
	switch f {
	case FieldType:
		return c.Type
	case FieldPort:
		if c.Port == 0 {
			return "the serving port"
		}
		return strconv.Itoa(int(c.Port))
	case FieldPath:
		return c.Path
	case FieldHost:
		return c.Host
	case FieldInterval:
		return c.Interval.String()
	case FieldTimeout:
		return c.Timeout.String()
	case FieldHealthy:
		return strconv.Itoa(c.Healthy)
	case FieldUnhealthy:
		return strconv.Itoa(c.Unhealthy)
	case FieldLogging:
		return strconv.FormatBool(c.Logging)
	}
	return ""
}
