package collect

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/api/container/v1"

	"plumbline/internal/collect/kube"
	"plumbline/internal/facts"
)

// A run is one collection under way.
type run struct {
	*Collector
	question facts.Question
	projects []*project
	clusters []*cluster
	strays   []*stray
}

// A project is read once for all its clusters.
type project struct {
	ledger
	name string
	// facts holds what the snapshots of the project share; asked, maps and locations,
	// which of it was asked for.
	facts     facts.Snapshot
	asked     map[facts.Kind]bool
	maps      map[string]bool
	locations map[string]bool
	// all are the project's clusters; read when a Ref names none.
	all facts.Value[[]*container.Cluster]
	// listed has the failed list and the zones that it lacked: a gap for those who
	// needed the list.
	listed ledger
}

// A cluster becomes one Snapshot. The one without a name is a project's load
// balancing outside any cluster.
type cluster struct {
	ledger
	project *project
	name    string
	snap    *facts.Snapshot
	// named is set when a Ref names the cluster, so that it is read by name.
	named bool
	refs  []facts.Ref
	// strays are Refs that may turn out to belong here.
	strays []*stray
	objs   *kube.Cluster
	// namespaces are those that are read; the empty one means all.
	namespaces []string
	// What was asked for already.
	asked      map[facts.Need]bool
	askedIn    map[inNamespace]bool
	groups     map[facts.BackendGroup]bool
	negs       map[string]bool
	hosts      map[string]bool
	configMaps map[string]bool
}

// inNamespace is one list of one namespace.
type inNamespace struct {
	need      facts.Need
	namespace string
}

// ask notes that a need is read; false when it was before.
func (c *cluster) ask(need facts.Need) bool {
	if c.asked[need] {
		return false
	}
	c.asked[need] = true
	return true
}

// A stray is a Ref that names no cluster.
type stray struct {
	ref     facts.Ref
	project *project
	lead    lead
	// candidates are the clusters that it may belong to.
	candidates []*cluster
	// reason is set when it belongs to none of them; sure, when that is no guess.
	reason string
	sure   bool
	// outside: it is diagnosed without a cluster.
	outside bool
}

// begin sorts the Refs by project and cluster.
func begin(c *Collector, q facts.Question) (*run, error) {
	r := &run{Collector: c, question: q}
	if len(q.Refs) == 0 {
		return nil, errors.New("collecting: no Ref was asked about")
	}
	seen := map[facts.Ref]bool{}
	for _, ref := range q.Refs {
		if seen[ref] {
			continue
		}
		seen[ref] = true
		name := ref.ProjectOf()
		if name == "" {
			return nil, fmt.Errorf("collecting %s: it names neither a cluster nor a project", ref)
		}
		p := r.project(name)
		if ref.Cluster == "" {
			r.strays = append(r.strays, &stray{ref: ref, project: p})
			continue
		}
		cl := r.cluster(p, ref.Cluster)
		cl.named = true
		cl.refs = append(cl.refs, ref)
	}
	return r, nil
}

func (r *run) project(name string) *project {
	if i := slices.IndexFunc(r.projects, func(p *project) bool { return p.name == name }); i >= 0 {
		return r.projects[i]
	}
	p := &project{name: name, facts: facts.Snapshot{Now: r.question.Now, Project: name}, asked: map[facts.Kind]bool{}}
	r.projects = append(r.projects, p)
	return p
}

func (r *run) cluster(p *project, name string) *cluster {
	if i := slices.IndexFunc(r.clusters, func(c *cluster) bool { return c.name == name && c.project == p }); i >= 0 {
		return r.clusters[i]
	}
	return r.add(p, name)
}

// add begins another Snapshot.
func (r *run) add(p *project, name string) *cluster {
	c := &cluster{
		project: p, name: name, snap: &facts.Snapshot{ClusterName: name, Now: r.question.Now, Project: p.name},
		asked: map[facts.Need]bool{}, askedIn: map[inNamespace]bool{},
	}
	r.clusters = append(r.clusters, c)
	return c
}

// straysIn are the Refs of a project that name no cluster.
func (r *run) straysIn(p *project) []facts.Ref {
	var refs []facts.Ref
	for _, s := range r.strays {
		if s.project == p {
			refs = append(refs, s.ref)
		}
	}
	return refs
}

// snapshots are the outcome, in the order of the Refs: clusters, then what belongs
// to none.
func (r *run) snapshots() []*facts.Snapshot {
	var out []*facts.Snapshot
	for _, c := range r.clusters {
		ledgers := []*ledger{&c.project.ledger, &c.ledger}
		if len(c.strays) > 0 || c.name == "" && slices.ContainsFunc(c.refs, inSomeCluster) {
			ledgers = append(ledgers, &c.project.listed)
		}
		c.snap.Gaps = gaps(ledgers...)
		out = append(out, c.snap)
	}
	for _, p := range r.projects {
		if s := r.homeless(p); s != nil {
			out = append(out, s)
		}
	}
	return out
}

// homeless is the Snapshot of a project's Refs that lead to no cluster; nil when
// all of them do. What the candidates could not say is a gap of theirs.
func (r *run) homeless(p *project) *facts.Snapshot {
	s := p.facts
	ledgers := []*ledger{&p.ledger, &p.listed}
	for _, stray := range r.strays {
		if stray.project != p || stray.reason == "" {
			continue
		}
		s.Targets = append(s.Targets, facts.Target{Asked: stray.ref, Reason: stray.reason, Sure: stray.sure})
		for _, c := range stray.candidates {
			ledgers = append(ledgers, &c.ledger)
		}
	}
	if len(s.Targets) == 0 {
		return nil
	}
	s.Gaps = gaps(ledgers...)
	return &s
}

// nothingRead is ErrNothingRead with the gaps, when not one read succeeded.
func (r *run) nothingRead(snapshots []*facts.Snapshot) error {
	var lacks []error
	for _, p := range r.projects {
		if p.found || p.listed.found {
			return nil
		}
	}
	for _, c := range r.clusters {
		if c.found {
			return nil
		}
	}
	for _, s := range snapshots {
		for _, g := range s.Gaps {
			lacks = append(lacks, fmt.Errorf("%s: %s", g.Needs, g.Err))
		}
	}
	return fmt.Errorf("%w: %w", ErrNothingRead, errors.Join(lacks...))
}
