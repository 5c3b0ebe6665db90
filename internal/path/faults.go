package path

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

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
		case f.Code == glbc.DefaultBackendMissing && !t.systemRead():
			j.unknown("%s, but no Service of %s was read at all", f.Code, glbc.SystemNamespace)
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

// systemRead: Services of the system's namespace are among those that were read; every
// cluster has some.
func (t *tracer) systemRead() bool {
	all, _ := t.s.Services.Get()
	return slices.ContainsFunc(all, func(svc *corev1.Service) bool { return svc.Namespace == glbc.SystemNamespace })
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
