package health

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A reason is why the check of an Ingress's backend asks something else than the pods'
// readiness probe (ingress-controller.md §2).
type reason uint8

const (
	// overridden: a BackendConfig sets what is asked.
	overridden reason = iota + 1
	// frozen: the check is from before the probe, and GKE keeps it.
	frozen
	// notInferable: GKE can't take the probe, and asks GET /.
	notInferable
)

// questionNeeds are what tells why a check asks what it asks; firewallNeeds whether the
// probers get in besides.
var (
	questionNeeds = needs(facts.BackendConfigs)
	firewallNeeds = needs(facts.BackendConfigs, facts.Firewalls, facts.NetworkFirewall, facts.RegionFirewall, facts.Network, facts.Instances)
)

// wrongQuestion: the check gets a bad answer, while the pods are Ready by a probe that
// asks something else. An app that redirects every path to https, or answers with an
// error of its own, gives a bad answer to whatever is asked.
func (b *backend) wrongQuestion() (reason, cause.Confidence, answer) {
	confidence, a := b.rejection()
	switch {
	case confidence == 0 || a.status >= 500 || b.Gateway || b.Service == "" || b.readyPods() == 0:
		return 0, 0, answer{}
	case b.readiness.asked.Port != 0 && b.readiness.Status != statusOK:
		return 0, 0, answer{}
	}
	if https, _ := b.redirectsToHTTPS(); https != 0 && b.readiness.Status != statusOK {
		return 0, 0, answer{}
	}
	why := b.whyAsked()
	if why == overridden || why == frozen {
		if b.readiness.Status != statusOK {
			confidence = min(confidence, cause.Likely)
		}
	}
	if why == 0 {
		return 0, 0, answer{}
	}
	return why, confidence, a
}

func (b *backend) whyAsked() reason {
	hc, live := b.HealthCheck.Get()
	desired := glbc.DesiredCheck(b.in.Facts, b.Backend)
	probe, _, probed := b.readinessProbe()
	if !live || desired.Err != nil || !probed {
		return 0
	}
	if b.setByConfig(desired) != "" {
		if probe.HTTPGet != nil {
			return overridden
		}
		return 0
	}
	if b.handEdit() != nil {
		return 0
	}
	for _, d := range glbc.CompareCheck(hc, desired) {
		if d.Field == glbc.CheckFieldPath && d.Origin.Kind == glbc.FromProbe && d.Kept && (d.Drift == glbc.DriftBeforePods || d.Drift == glbc.DriftProbeChanged) &&
			(b.check.Path == "/" || b.in.Facts.History.Known()) { // Another path may have been edited in, of which only the log tells.
			return frozen
		}
	}
	origin := desired.Origins[glbc.CheckFieldPath]
	if desired.Pod == nil && desired.WhyNoProbe != "" && origin.Kind == glbc.FromDefault && b.check.Path == "/" && desired.Check.Path == "/" {
		return notInferable
	}
	return 0
}

// setByConfig is the field that a BackendConfig sets to what the live check has, and that
// the pods' HTTP probe has otherwise; empty for none.
func (b *backend) setByConfig(desired glbc.Desired) glbc.CheckField {
	probe, container, ok := b.readinessProbe()
	if !ok || probe.HTTPGet == nil {
		return ""
	}
	from := func(f glbc.CheckField) bool { return desired.Origins[f].Kind == glbc.FromBackendConfig }
	switch {
	case from(glbc.CheckFieldPath) && desired.Check.Path == b.check.Path && glbc.ProbePath(probe.HTTPGet) != b.check.Path:
		return glbc.CheckFieldPath
	case from(glbc.CheckFieldPort) && desired.Check.Port == b.check.Port && b.port != 0 && glbc.ProbePort(container, probe.HTTPGet.Port) != b.port:
		return glbc.CheckFieldPort
	}
	return ""
}

// readinessProbe is the one that counts for the checked port, of the first Ready pod that
// has one.
func (b *backend) readinessProbe() (*corev1.Probe, corev1.Container, bool) {
	for _, pod := range b.pods {
		if c := glbc.ProbedContainer(pod, b.port); c != nil && glbc.IsReady(pod) {
			return c.ReadinessProbe, *c, true
		}
	}
	return nil, corev1.Container{}, false
}

// asks weighs one reason.
func asks(want reason) func(*backend) (cause.Confidence, answer) {
	return func(b *backend) (cause.Confidence, answer) {
		why, confidence, a := b.wrongQuestion()
		if why != want || b.shadowed() {
			return 0, answer{}
		}
		return confidence, a
	}
}

// shadowed: what the port speaks is the matter, whatever is asked.
func (b *backend) shadowed() bool {
	return slices.ContainsFunc([]func(*backend) (cause.Confidence, answer){(*backend).wrongProtocol, (*backend).speaksGRPC, (*backend).wantsCertificate},
		func(weigh func(*backend) (cause.Confidence, answer)) bool {
			sure, _ := weigh(b)
			return sure != 0
		})
}
