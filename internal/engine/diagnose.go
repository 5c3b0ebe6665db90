package engine

import (
	"slices"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// Diagnose judges one target of a Snapshot. A Cluster gives one Diagnosis for what
// lies in the cluster itself and one for each Ingress that has a finding, or a
// single one without (scenario-format.md, `reports`); every other target gives
// one.
func Diagnose(causes []cause.Cause, s *facts.Snapshot, t facts.Target, signals, history []signal.Signal) []Diagnosis {
	list := diagnose(causes, s, t, signals, history)
	for i := range list {
		list[i].Asked = t.Asked
	}
	return list
}

func diagnose(causes []cause.Cause, s *facts.Snapshot, t facts.Target, signals, history []signal.Signal) []Diagnosis {
	c := cause.Case{Target: t.Ref, Facts: s, Signals: signals, History: history}.Prepared()
	if s.Cluster.IsAbsent() && t.Ref.Cluster != "" {
		return []Diagnosis{{Target: t.Ref, At: s.Now, Verdict: NotOurs, Reason: "the cluster " + t.Ref.Cluster + " doesn't exist", Gaps: gapsOf(s, causes)}}
	}
	switch t.Ref.Kind {
	case facts.KindCluster:
		return diagnoseCluster(causes, c)
	case facts.KindIngress:
		return []Diagnosis{diagnoseIngress(causes, c)}
	case facts.KindGateway:
		return []Diagnosis{diagnoseGateway(causes, c)}
	case facts.KindBackendService, facts.KindCertificate:
		return []Diagnosis{diagnoseOutside(causes, c)}
	}
	return []Diagnosis{lost(c, t, gapsOf(s, causes))}
}

// lost judges a target that leads to nothing of ours: surely not ours, or not to be
// told because a read failed. Then a failure that the log tells of must not be lost
// with it.
func lost(c cause.Case, t facts.Target, gaps []Gap) Diagnosis {
	d := Diagnosis{At: c.Facts.Now, Verdict: NotOurs, Reason: t.Reason, Gaps: gaps}
	if t.Sure {
		return d
	}
	d.Verdict, d.Target = Unexplained, t.Asked
	for _, l := range c.LoggedUnhealthy() {
		d.Symptoms = append(d.Symptoms, cause.Symptom{
			ID: cause.BackendUnhealthy, Subject: l.Group,
			Says: "the health check calls " + l.IP + " UNHEALTHY, and what it belongs to couldn't be read",
		})
		break
	}
	d.Open = d.Symptoms
	return d
}

func diagnoseIngress(causes []cause.Cause, c cause.Case) Diagnosis {
	d := Diagnosis{Target: c.Target, At: c.Facts.Now, Gaps: gapsOf(c.Facts, causes)}
	ing, ok := c.Ingress()
	if !ok {
		d.Verdict, d.Reason, d.Gone = NotOurs, c.Target.String()+" isn't in the cluster", true
		if !c.Facts.Ingresses.Known() {
			d.Verdict, d.Reason, d.Gone = Unexplained, "Ingresses couldn't be read", false
		}
		return d
	}
	var blind []string
	class := glbc.ClassOf(ing)
	switch {
	case glbc.Serves(c.Facts, ing):
		c.Symptoms, blind = symptomsOf(c, ing)
		if !glbc.SurelyServes(c.Facts, ing) {
			blind = append(blind, "whether GKE's controller serves the Ingress, which has no class and no trace of it")
		}
	case glbc.Neglected(c.Facts, ing):
		c.Symptoms = []cause.Symptom{neglected(c, ing, class)}
	case class.Unsure:
		d.Verdict, d.Reason = Unexplained, "can't be told: whether GKE's controller serves "+class.Because
		return d
	default:
		d.Verdict, d.Reason, d.Gone = NotOurs, "another controller serves it: "+glbc.WhyNotServed(c.Facts, ing), true
		d.Notes = notesOf(causes, c)
		d.managedOnly(causes, c)
		return d
	}
	findings, rest := Run(causes, c)
	rest.undecided = append(blind, rest.undecided...)
	d.HealthyOn = healthyOn(c)
	d.conclude(c, findings, rest)
	return d
}

// conclude turns findings and symptoms into the verdict. What is only likely waits
// for the grace of the symptoms that it explains; what is proven is said at once.
func (d *Diagnosis) conclude(c cause.Case, findings []cause.Finding, rest Rest) {
	findings = slices.DeleteFunc(findings, func(f cause.Finding) bool {
		return f.Confidence < cause.Proven && waiting(c.Symptoms, f)
	})
	d.Symptoms = c.Symptoms
	d.Path = c.Path()
	rest.undecided = append(rest.undecided, brokenHops(d.Path)...)
	d.Roots, _ = Rank(c.Target, findings)
	d.RuledOut = nearestFirst(rest.ruledOut, c.Symptoms)
	d.Gaps = append(d.Gaps, rest.broken...)
	for i := range d.Roots {
		d.Roots[i].Explains = through(findings, d.Roots[i])
		d.Roots[i].Explains = present(c.Symptoms, findings, d.Roots[i].Explains)
		d.Roots[i].Since = began(c.Symptoms, d.Roots[i])
	}
	open := unexplained(c.Symptoms, d.Roots)
	d.Open = slices.DeleteFunc(slices.Clone(open), func(s cause.Symptom) bool { return s.Pending != "" })
	if len(d.Open) > 0 {
		d.Checked = slices.Concat(requestsSeen(c, d.Open), hopsChecked(d.Path), checked(c, d.Open))
	}
	d.accuse(c)
	switch {
	case len(d.Roots) > 0:
		d.Verdict = RootCause
	case len(d.Open) > 0:
		d.Verdict = Unexplained
	case len(open) > 0:
		d.Verdict, d.Reason = Pending, open[0].Pending
	case len(rest.pending) > 0:
		d.Verdict, d.Reason = Pending, rest.pending[0]
	case len(rest.undecided) > 0:
		d.Verdict, d.Reason = Unexplained, "can't be told: "+rest.undecided[0]
	default:
		d.Verdict = Healthy
	}
	d.Notes = rest.notes
}

// waiting: every symptom that the finding explains is still inside its grace.
func waiting(symptoms []cause.Symptom, f cause.Finding) bool {
	any := false
	for _, s := range symptoms {
		if slices.Contains(f.Explains, s.ID) && covers(f, s.Objects) {
			if s.Pending == "" {
				return false
			}
			any = true
		}
	}
	return any
}

// through is what a root explains, with what the findings explain that it explains: a
// certificate that isn't issued for want of a DNS record explains the record's symptom
// too.
func through(findings []cause.Finding, root cause.Finding) []cause.ID {
	all := slices.Clone(root.Explains)
	for i := 0; i < len(all); i++ {
		for _, f := range findings {
			if f.Cause == all[i] && covers(root, f.On) {
				all = union(all, f.Explains)
			}
		}
	}
	return all
}

// present keeps the symptoms that are there and the causes that were found.
func present(symptoms []cause.Symptom, findings []cause.Finding, ids []cause.ID) []cause.ID {
	var out []cause.ID
	for _, id := range ids {
		if slices.ContainsFunc(symptoms, func(s cause.Symptom) bool { return s.ID == id }) ||
			slices.ContainsFunc(findings, func(f cause.Finding) bool { return f.Cause == id }) {
			out = append(out, id)
		}
	}
	return out
}

// began is when a root cause began to show: what it says itself, else when the first of
// the symptoms that it explains began; zero where nothing tells.
func began(symptoms []cause.Symptom, f cause.Finding) time.Time {
	at := f.Since
	if !at.IsZero() {
		return at
	}
	for _, s := range symptoms {
		if slices.Contains(f.Explains, s.ID) && covers(f, s.Objects) && !s.Since.IsZero() && (at.IsZero() || s.Since.Before(at)) {
			at = s.Since
		}
	}
	return at
}

func unexplained(symptoms []cause.Symptom, roots []cause.Finding) []cause.Symptom {
	var open []cause.Symptom
	for _, s := range symptoms {
		if !slices.ContainsFunc(roots, func(r cause.Finding) bool { return slices.Contains(r.Explains, s.ID) && covers(r, s.Objects) }) {
			open = append(open, s)
		}
	}
	return open
}
