package engine

import (
	"slices"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// diagnoseCluster judges everything in the cluster that GKE's controllers serve.
// A cause whose subject is the cluster is reported once, on the cluster.
func diagnoseCluster(causes []cause.Cause, c cause.Case) []Diagnosis {
	own := Diagnosis{Target: c.Target, At: c.Facts.Now, Verdict: Healthy, Gaps: gapsOf(c.Facts, causes)}
	targets, others := targetsIn(c.Facts)
	if len(targets) == 0 {
		switch {
		case !c.Facts.Ingresses.Known() || c.Facts.Gateways.Err() != nil:
			own.Verdict, own.Reason = Unexplained, "Ingresses and Gateways couldn't be read"
		case others:
			own.Verdict, own.Reason = NotOurs, "no Ingress or Gateway of this cluster is GKE's"
		}
		return []Diagnosis{own}
	}
	var all []Diagnosis
	for _, t := range targets {
		one := c
		one.Target = t
		one = one.Prepared()
		var d Diagnosis
		if t.Kind == facts.KindGateway {
			d = diagnoseGateway(causes, one)
		} else {
			d = diagnoseIngress(causes, one)
		}
		own.take(c.Target, &d)
		own.note(d)
		if d.Verdict == RootCause || d.Verdict == Unexplained {
			d.Gaps = slices.Clip(d.Gaps)
			all = append(all, d)
		} else if d.Verdict == Pending && own.Verdict == Healthy {
			own.Verdict, own.Reason = Pending, d.Reason
		}
	}
	if own.Verdict == Healthy && (!c.Facts.Ingresses.Known() || c.Facts.Gateways.Err() != nil) {
		own.Verdict, own.Reason = Unexplained, "not all Ingresses and Gateways could be read"
	}
	if len(own.Roots) > 0 || len(all) == 0 {
		all = append([]Diagnosis{own}, all...)
	}
	return all
}

// note keeps what is worth saying of an object that isn't reported itself, each once:
// notes are what the digest of a sweep is for.
func (d *Diagnosis) note(of Diagnosis) {
	if of.Verdict == RootCause || of.Verdict == Unexplained {
		return
	}
	for _, n := range of.Notes {
		if !slices.Contains(d.Notes, n) {
			d.Notes = append(d.Notes, n)
		}
	}
}

// take moves what is the cluster's own from one object's Diagnosis to the
// cluster's.
func (d *Diagnosis) take(cluster facts.Ref, from *Diagnosis) {
	var kept []cause.Finding
	for _, r := range from.Roots {
		if r.Subject != cluster {
			kept = append(kept, r)
			continue
		}
		d.Verdict, d.Reason = RootCause, ""
		d.Symptoms = append(d.Symptoms, explainedBy(from.Symptoms, r)...)
		i := slices.IndexFunc(d.Roots, func(have cause.Finding) bool { return have.Cause == r.Cause })
		if i < 0 {
			d.Roots = append(d.Roots, r)
			continue
		}
		have := &d.Roots[i]
		have.Severity = max(have.Severity, r.Severity)
		for _, id := range r.Explains {
			if !slices.Contains(have.Explains, id) {
				have.Explains = append(have.Explains, id)
			}
		}
	}
	if len(kept) == len(from.Roots) {
		d.ruleOut(from.RuledOut)
		return
	}
	from.Roots = kept
	switch {
	case len(kept) > 0:
	case len(from.Open) > 0:
		from.Verdict = Unexplained
	default:
		from.Verdict = Healthy
	}
}

func (d *Diagnosis) ruleOut(list []RuledOut) {
	for _, r := range list {
		if r.ID.Layer() == "control" && !slices.ContainsFunc(d.RuledOut, func(have RuledOut) bool { return have.ID == r.ID }) {
			d.RuledOut = append(d.RuledOut, r)
		}
	}
}

func explainedBy(symptoms []cause.Symptom, r cause.Finding) []cause.Symptom {
	return slices.DeleteFunc(slices.Clone(symptoms), func(s cause.Symptom) bool { return !slices.Contains(r.Explains, s.ID) })
}

// targetsIn lists what GKE's controllers serve; others reports that there are
// Ingresses or Gateways of somebody else.
func targetsIn(s *facts.Snapshot) (targets []facts.Ref, others bool) {
	ingresses, _ := s.Ingresses.Get()
	for _, ing := range ingresses {
		if !glbc.Serves(s, ing) && !glbc.ClassOf(ing).Orphan {
			others = true
			continue
		}
		targets = append(targets, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindIngress, Namespace: ing.Namespace, Name: ing.Name})
	}
	gateways, _ := s.Gateways.Get()
	for _, g := range gateways {
		class := glbc.GatewayClassOf(s, g)
		if _, orphan := glbc.OrphanOf(s, g); class.IsAbsent() && orphan {
			targets = append(targets, glbc.GatewayRef(s, g))
			continue
		}
		if c, ok := class.Get(); class.IsAbsent() || ok && !c.Serves() {
			others = true
			continue
		}
		targets = append(targets, glbc.GatewayRef(s, g))
	}
	return targets, others
}
