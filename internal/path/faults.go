package path

import (
	"plumbline/internal/glbc"
)

// faults marks what makes the controller's sync stop at a station's stages.
func (t *tracer) faults(j *judgement, wanted func(glbc.Fault) bool) {
	for _, f := range t.translation.Faults {
		if !wanted(f) {
			continue
		}
		j.differs(f.On, f.Field, "", faultText(f))
		j.on(f.On)
		switch {
		case f.Warning:
		case t.changedWithin(editGrace):
			j.unknown("%s, a moment after a change", faultText(f))
		default:
			j.broken("%s", faultText(f))
		}
	}
	for _, f := range t.translation.Undecided {
		if wanted(f) && !f.Warning {
			j.unread("whether "+faultText(f), f.Err)
		}
	}
}

func faultText(f glbc.Fault) string {
	text := string(f.Code)
	if f.Variant != "" {
		text += " (" + f.Variant + ")"
	}
	if !f.Names.IsZero() {
		text += ": " + f.Names.String()
	}
	return text
}
