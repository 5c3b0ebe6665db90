// Package engine runs the causes over a Snapshot and folds what they find into a
// Diagnosis: root causes in the contract's order, symptoms, what was ruled out,
// what couldn't be read. It stands between collecting and deciding what to say, is
// pure, and knows no cause by name.
package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// Rest is what the causes say besides findings: what is refuted, what the facts
// can't decide, what is under way, which causes broke.
type Rest struct {
	ruledOut           []RuledOut
	undecided, pending []string
	broken             []Gap
	notes              []Note
}

// Run runs every cause on a Case. A cause that panics is a gap of its own, never
// the end of the diagnosis.
func Run(causes []cause.Cause, c cause.Case) (findings []cause.Finding, rest Rest) {
	for _, ca := range inOrder(causes) {
		out, err := check(ca, c)
		if err != nil {
			rest.broken = append(rest.broken, Gap{Needs: "plumbline/" + string(ca.ID), Err: err.Error(), Hides: []cause.ID{ca.ID}})
			continue
		}
		if ca.Note {
			rest.note(ca.ID, out.Findings)
			continue
		}
		for _, f := range out.Findings {
			f.Cause = ca.ID
			if f.Explains == nil {
				f.Explains = ca.Explains
			}
			findings = append(findings, f)
		}
		if out.Undecided != "" {
			rest.undecided = append(rest.undecided, out.Undecided)
		}
		if out.Pending != "" {
			rest.pending = append(rest.pending, out.Pending)
		}
		if out.RuledOut != "" && len(out.Findings) == 0 {
			rest.ruledOut = append(rest.ruledOut, RuledOut{ID: ca.ID, Because: out.RuledOut, FixedBy: out.FixedBy, explains: ca.Explains})
		}
	}
	slices.SortStableFunc(rest.notes, func(a, b Note) int {
		return cmp.Or(urgency(a.ID)-urgency(b.ID), strings.Compare(string(a.ID), string(b.ID)))
	})
	return findings, rest
}

// urgency orders notes: what explains what a reader sees now, what will run out, and last
// what would keep a failure from reaching us.
func urgency(id cause.ID) int {
	return slices.Index([]string{"ingress", "endpoint", "latent", "health"}, id.Layer())
}

// inOrder are the causes by layer and ID: what several of them say at once is told in an
// order of its own.
func inOrder(causes []cause.Cause) []cause.Cause {
	order := func(a, b cause.Cause) int {
		return cmp.Or(depth(a.ID)-depth(b.ID), strings.Compare(string(a.ID), string(b.ID)))
	}
	if slices.IsSortedFunc(causes, order) {
		return causes
	}
	return slices.SortedStableFunc(slices.Values(causes), order)
}

// note keeps what a cause that is a note found, each subject once.
func (r *Rest) note(id cause.ID, findings []cause.Finding) {
	for _, f := range findings {
		n := Note{ID: id, Subject: f.Subject, Says: f.Headline}
		if len(f.Fix.Commands) > 0 {
			n.Command = f.Fix.Commands[0]
		}
		if !slices.Contains(r.notes, n) {
			r.notes = append(r.notes, n)
		}
	}
}

// notesOf is what is worth saying of a target that isn't judged any further.
func notesOf(causes []cause.Cause, c cause.Case) []Note {
	_, rest := Run(slices.DeleteFunc(slices.Clone(causes), func(ca cause.Cause) bool { return !ca.Note }), c)
	return rest.notes
}

func check(ca cause.Cause, c cause.Case) (out cause.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("checking %s: %v", ca.ID, r)
		}
	}()
	return ca.Check(c), nil
}

// nearestFirst puts those before the rest that would explain what is visibly wrong.
func nearestFirst(list []RuledOut, symptoms []cause.Symptom) []RuledOut {
	far := func(r RuledOut) int {
		if slices.ContainsFunc(symptoms, func(s cause.Symptom) bool { return slices.Contains(r.explains, s.ID) }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(a, b RuledOut) int { return far(a) - far(b) })
	return list
}

// layers is the catalogue's order; gateway counts as ingress (scenario-format.md,
// “Order of root causes”).
var layers = []string{"control", "ingress", "edge", "cert", "routing", "backend", "health", "endpoint", "network", "workload", "latent"}

func depth(id cause.ID) int {
	layer := id.Layer()
	if layer == "gateway" {
		layer = "ingress"
	}
	if i := slices.Index(layers, layer); i >= 0 {
		return i
	}
	return len(layers)
}

// Rank drops every finding that another one explains and orders the rest:
// confidence, on the target itself, layer, ID, subject. explained says which root
// took which finding.
func Rank(target facts.Ref, findings []cause.Finding) (roots []cause.Finding, explained map[cause.ID]cause.ID) {
	explained = map[cause.ID]cause.ID{}
	for i, f := range findings {
		by := slices.IndexFunc(findings, func(other cause.Finding) bool {
			return other.Cause != f.Cause && slices.Contains(other.Explains, f.Cause) && other.Confidence >= f.Confidence && covers(other, f.On)
		})
		if by >= 0 {
			explained[f.Cause] = findings[by].Cause
			continue
		}
		same := slices.IndexFunc(roots, func(r cause.Finding) bool { return r.Cause == f.Cause && r.Subject == f.Subject })
		if same >= 0 {
			roots[same] = merge(roots[same], f)
			continue
		}
		roots = append(roots, findings[i])
	}
	slices.SortStableFunc(roots, func(a, b cause.Finding) int {
		return cmp.Or(
			-cmp.Compare(a.Confidence, b.Confidence),
			onTarget(target, a)-onTarget(target, b),
			depth(a.Cause)-depth(b.Cause),
			strings.Compare(string(a.Cause), string(b.Cause)),
			strings.Compare(a.Subject.String(), b.Subject.String()),
		)
	})
	return roots, explained
}

// merge joins two findings of one cause on one subject: a Deployment behind two
// Service ports. The surer one speaks, both count.
func merge(a, b cause.Finding) cause.Finding {
	if b.Confidence > a.Confidence {
		a, b = b, a
	}
	a.Severity = max(a.Severity, b.Severity)
	a.On, a.Affected, a.Hosts, a.Evidence = union(a.On, b.On), union(a.Affected, b.Affected), union(a.Hosts, b.Hosts), union(a.Evidence, b.Evidence)
	return a
}

func union[T comparable](a, b []T) []T {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// covers: a finding about the whole target covers everything on it, another one
// only its own backends.
func covers(f cause.Finding, on []facts.Ref) bool {
	return len(f.On) == 0 || slices.ContainsFunc(on, func(r facts.Ref) bool { return slices.Contains(f.On, r) })
}

func onTarget(target facts.Ref, f cause.Finding) int {
	if f.Subject == target {
		return 0
	}
	return 1
}

// gapsOf names every failed read with the causes that it hides.
func gapsOf(s *facts.Snapshot, causes []cause.Cause) []Gap {
	var gaps []Gap
	for _, g := range s.Gaps {
		gap := Gap{Needs: g.Needs, Err: g.Err}
		for _, ca := range causes {
			if slices.ContainsFunc(ca.Needs, func(k facts.Kind) bool { return hides(g.Needs, k) }) {
				gap.Hides = append(gap.Hides, ca.ID)
			}
		}
		gaps = append(gaps, gap)
	}
	return gaps
}

// hides: an unreachable control plane takes every Kubernetes read with it, and a look-up
// is named by its host.
func hides(needs string, k facts.Kind) bool {
	if strings.HasPrefix(needs, "kubernetes/") {
		return k.InCluster()
	}
	if strings.HasPrefix(needs, "dns/") {
		return k == facts.DNS
	}
	return needs == string(k)
}
