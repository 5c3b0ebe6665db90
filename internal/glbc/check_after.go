package glbc

import (
	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// AfterSync is the check as the controller's next sync leaves it: the live one where it
// keeps what is there, Desired elsewhere (ingress-controller.md §2, "Update policy").
// What it keeps is known from the live check even where pods aren't.
func AfterSync(live facts.Value[*computepb.HealthCheck], d Desired) Desired {
	hc, ok := live.Get()
	if live.IsAbsent() || ok && d.recalculates(hc) {
		return d
	}
	out := d.clone()
	for _, f := range CheckFields {
		switch {
		case ok && d.keepsAs(hc, f):
			out.Check.take(CheckOf(hc), f)
			out.set(Origin{Source: FromLive}, f)
		case !ok && d.From[f].Source != FromConfig && f != FieldType && f != FieldPort && d.Unknown[f] == nil:
			out.unknown(live.Err(), f)
		}
	}
	return out
}

// keepsAs is keeps for fields that may be unknown: a BackendConfig that couldn't be
// read may set any of its own.
func (d Desired) keepsAs(live *computepb.HealthCheck, f CheckField) bool {
	if d.undecided != nil {
		return false
	}
	if d.configErr != nil && f != FieldHost && f != FieldLogging {
		return false
	}
	return d.keeps(live, f)
}

// take copies one field.
func (c *Check) take(from Check, f CheckField) {
	switch f {
	case FieldType:
		c.Type = from.Type
	case FieldPort:
		c.Port = from.Port
	case FieldPath:
		c.Path = from.Path
	case FieldHost:
		c.Host = from.Host
	case FieldInterval:
		c.Interval = from.Interval
	case FieldTimeout:
		c.Timeout = from.Timeout
	case FieldHealthy:
		c.Healthy = from.Healthy
	case FieldUnhealthy:
		c.Unhealthy = from.Unhealthy
	case FieldLogging:
		c.Logging = from.Logging
	}
}

// TimeoutExceedsInterval reports that Compute refuses the check: a probe may not take
// longer than the time to the next one (ingress-controller.md §1.3, bc-hc-bounds). It
// is unknown where one of the two is.
func (d Desired) TimeoutExceedsInterval() facts.Value[bool] {
	for _, f := range []CheckField{FieldTimeout, FieldInterval} {
		if err := d.Unknown[f]; err != nil {
			return facts.Unknown[bool](err)
		}
	}
	return facts.Found(d.Check.Timeout > d.Check.Interval)
}
