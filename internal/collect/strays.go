package collect

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// fewCandidates is how many clusters are read completely to find the one that a
// Ref belongs to; with more, a round is spent on telling them apart first.
const fewCandidates = 2

// locate finds the clusters that a Ref without one may belong to.
func (r *run) locate() {
	for _, s := range r.strays {
		if outside(&s.project.facts, s.ref) {
			r.leaveOutside(s)
			continue
		}
		if s.lead = follow(&s.project.facts, s.ref); s.lead.reason != "" {
			s.reason, s.sure = s.lead.reason, s.lead.sure
			continue
		}
		all, ok := s.project.all.Get()
		if !ok {
			s.reason = "the clusters of " + s.project.name + " could not be listed"
			continue
		}
		for _, found := range all {
			if s.lead.fits(found) {
				c := r.cluster(s.project, fullName(s.project.name, found))
				if !c.snap.Cluster.Known() {
					c.snap.Cluster = facts.Found(found)
				}
				c.strays = append(c.strays, s)
				s.candidates = append(s.candidates, c)
			}
		}
		if len(s.candidates) == 0 {
			s.reason, s.sure = "no cluster of "+s.project.name+" has nodes where "+s.ref.String()+" is", s.project.all.Known()
			if s.sure && s.ref.Kind == facts.KindBackendService {
				// A deleted cluster left it behind.
				r.leaveOutside(s)
			}
		}
	}
}

// inSomeCluster: a cluster may be behind what is asked about, so that the clusters
// must be known. None is behind a certificate.
func inSomeCluster(ref facts.Ref) bool { return ref.Kind != facts.KindCertificate }

// outside: what is asked about stands for itself, whether or not a cluster is behind
// it: a certificate, and a backend service that GKE's controllers didn't make.
func outside(s *facts.Snapshot, ref facts.Ref) bool {
	switch ref.Kind {
	case facts.KindCertificate:
		return true
	case facts.KindBackendService:
		all := glbc.BackendServicesOf(s, ref)
		return len(all) > 0 && !slices.ContainsFunc(all, glbc.MadeByGKE)
	}
	return false
}

// leaveOutside gives a stray a Snapshot without a cluster. Each has its own, since
// each has its own network.
func (r *run) leaveOutside(s *stray) {
	s.outside, s.reason = true, ""
	c := r.add(s.project, "")
	c.refs = append(c.refs, s.ref)
}

// fullName is a listed cluster's projects/P/locations/L/clusters/C.
func fullName(project string, c *container.Cluster) string {
	location := c.Location
	if location == "" {
		location = c.Zone
	}
	return facts.ClusterName(project, location, c.Name)
}

// crowded tells whether some Ref has many candidates.
func (r *run) crowded() bool {
	return slices.ContainsFunc(r.strays, func(s *stray) bool { return len(s.candidates) > fewCandidates })
}

// exclude drops the candidates whose identity is known and another than the NEG's.
// One whose identity is the NEG's excludes all others.
func (s *stray) exclude() {
	if s.lead.uid == "" {
		return
	}
	same := func(c *cluster) bool {
		uid, ok := c.snap.ClusterUID.Get()
		return ok && uid == s.lead.uid
	}
	owned := slices.ContainsFunc(s.candidates, same)
	s.candidates = slices.DeleteFunc(s.candidates, func(c *cluster) bool {
		gone := !same(c) && (owned || c.snap.ClusterUID.Known())
		if gone {
			c.strays = slices.DeleteFunc(c.strays, func(other *stray) bool { return other == s })
		}
		return gone
	})
}

// dropOrphans forgets clusters that no Ref can belong to.
func (r *run) dropOrphans() {
	r.clusters = slices.DeleteFunc(r.clusters, func(c *cluster) bool { return !c.named && c.name != "" && len(c.strays) == 0 })
}

// settle decides after round 2 where each stray belongs: to the cluster whose
// identity is the NEG's, else to the only candidate, else to the only one in which
// it leads to an object, provided that all others were read well enough to say no.
func (r *run) settle() {
	for _, s := range r.strays {
		if s.reason != "" || s.outside {
			continue
		}
		s.exclude()
		switch owner := r.choose(s); {
		case owner != nil:
			owner.refs = append(owner.refs, s.ref)
		case s.sure && s.ref.Kind == facts.KindBackendService:
			r.leaveOutside(s)
		}
	}
	for _, c := range r.clusters {
		c.strays = slices.DeleteFunc(c.strays, func(s *stray) bool { return !slices.Contains(c.refs, s.ref) })
	}
	r.dropOrphans()
}

// choose is the cluster that the stray belongs to; nil, with the reason in the
// stray, when there is none or it can't be told.
func (r *run) choose(s *stray) *cluster {
	switch len(s.candidates) {
	case 0:
		s.reason = s.ref.String() + " belongs to a cluster that is not in " + s.project.name + " or is deleted (cluster-uid " + s.lead.uid + ")"
		s.sure = s.project.all.Known()
		return nil
	case 1:
		return s.candidates[0]
	}
	var owners []*cluster
	var names []string
	certain := true
	for _, c := range s.candidates {
		names = append(names, facts.LastSegment(c.name))
		for _, t := range r.plan.Resolve(c.snap, []facts.Ref{s.ref}) {
			if !t.Ref.IsZero() {
				owners = append(owners, c)
			} else if !t.Sure {
				certain = false
			}
		}
	}
	switch {
	case certain && len(owners) == 1:
		return owners[0]
	case certain && len(owners) == 0:
		s.reason = s.ref.String() + " leads to nothing in any of the clusters " + strings.Join(names, ", ")
		s.sure = s.project.all.Known()
	default:
		s.reason = s.ref.String() + " may belong to any of the clusters " + strings.Join(names, ", ")
	}
	return nil
}

// report logs every failed read once; what isn't readable is no error of ours.
func (r *run) report(ctx context.Context, snapshots []*facts.Snapshot) {
	for _, s := range snapshots {
		for _, g := range s.Gaps {
			r.log.WarnContext(ctx, "a read failed", slog.String("needs", g.Needs), slog.String("status", g.Err),
				slog.String("project", s.Project), slog.String("cluster", s.ClusterName))
		}
	}
}
