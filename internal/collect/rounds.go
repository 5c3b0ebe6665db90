package collect

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// fewNamespaces is how many are read one by one; with more, reading all takes
// fewer calls.
const fewNamespaces = 4

// readProjects is round 1: what load balancing the projects have, and the clusters.
func (r *run) readProjects(ctx context.Context) {
	wishes := make(map[*project][]facts.Wish, len(r.projects))
	for _, p := range r.projects {
		if refs := r.straysIn(p); len(refs) > 0 {
			wishes[p] = append(wishes[p], r.plan.Wish(&p.facts, refs))
		}
	}
	for _, c := range r.clusters {
		wishes[c.project] = append(wishes[c.project], r.plan.Wish(c.snap, c.refs))
	}
	f, ctx := r.round(ctx)
	for _, p := range r.projects {
		for _, wish := range wishes[p] {
			r.startProject(ctx, f, p, wish)
		}
		if slices.ContainsFunc(r.straysIn(p), inSomeCluster) {
			f.do(ctx, func(ctx context.Context) {
				p.all = r.gcp.Clusters(ctx, p.name)
				p.listed.note(p.all.Err())
			})
		}
	}
	for _, c := range r.clusters {
		read(ctx, f, &c.ledger, &c.snap.Cluster, func(ctx context.Context) facts.Value[*container.Cluster] {
			return r.gcp.Cluster(ctx, c.name)
		})
	}
	f.wait()
}

// readIdentities is a round of its own, only taken when so many clusters may own a
// Ref that reading all of them would cost more than waiting.
func (r *run) readIdentities(ctx context.Context) {
	f, ctx := r.round(ctx)
	for _, c := range r.clusters {
		if c.named || !r.open(c) {
			continue
		}
		c.asked[facts.Need{Kind: facts.Namespaces}] = true
		read(ctx, f, &c.ledger, &c.snap.ClusterUID, c.objs.UID)
	}
	f.wait()
	for _, s := range r.strays {
		s.exclude()
	}
	r.dropOrphans()
}

// readClusters is round 2: Kubernetes, and the network, which a shared VPC keeps in
// its host project.
func (r *run) readClusters(ctx context.Context) {
	wishes := make([]facts.Wish, len(r.clusters))
	for i, c := range r.clusters {
		r.complete(c)
		c.locateNetwork()
		r.open(c)
		wishes[i] = r.plan.Wish(c.snap, c.everyRef())
	}
	f, ctx := r.round(ctx)
	for i, c := range r.clusters {
		r.start(ctx, f, c, wishes[i])
	}
	f.wait()
}

// readDetails is round 3: what only the first two could name, and the log.
func (r *run) readDetails(ctx context.Context) {
	wishes, filters := make([]facts.Wish, len(r.clusters)), make([]string, len(r.clusters))
	for i, c := range r.clusters {
		r.complete(c)
		c.locateNetwork()
		c.snap.Targets = r.plan.Resolve(c.snap, c.refs)
		wishes[i], filters[i] = r.plan.Wish(c.snap, c.refs), r.plan.LogFilter(c.snap)
	}
	f, ctx := r.round(ctx)
	for i, c := range r.clusters {
		r.start(ctx, f, c, wishes[i])
		if filters[i] != "" {
			read(ctx, f, &c.ledger, &c.snap.History, func(ctx context.Context) facts.Value[[]json.RawMessage] {
				return r.logs.Query(ctx, c.project.name, filters[i], r.question.Now)
			})
		}
	}
	f.wait()
	for _, c := range r.clusters {
		r.complete(c)
	}
}

// start starts every read of a wish that can be made by now and wasn't.
func (r *run) start(ctx context.Context, f *fanout, c *cluster, wish facts.Wish) {
	r.startProject(ctx, f, c.project, wish)
	s := c.snap
	groups := fresh(&c.groups, wish.Groups)
	gather(ctx, f, &c.ledger, &s.Health, groups, r.gcp.Health)
	gather(ctx, f, &c.ledger, &s.Endpoints, fresh(&c.negs, zonalNEGs(groups)), r.gcp.Endpoints)
	gather(ctx, f, &c.ledger, &s.DNS, fresh(&c.hosts, wish.Hosts), r.dns.Lookup)
	for _, need := range wish.Needs {
		if start, ok := networkReads[need.Kind]; ok && s.NetworkName != "" && c.ask(need) {
			start(ctx, f, r, c)
		}
	}
	if c.objs == nil {
		return
	}
	gather(ctx, f, &c.ledger, &s.ConfigMaps, fresh(&c.configMaps, wish.ConfigMaps), c.objs.ConfigMap)
	for _, need := range wish.Needs {
		if start, ok := wideReads[need]; ok && c.ask(need) {
			start(ctx, f, c, nil)
		}
	}
	c.startNamespaces(ctx, f, wish)
}

// startNamespaces starts the lists of namespaces that weren't read yet.
func (c *cluster) startNamespaces(ctx context.Context, f *fanout, wish facts.Wish) {
	c.addNamespaces(wish)
	for _, need := range wish.Needs {
		start, ok := namespacedReads[need]
		if !ok {
			continue
		}
		namespaces := c.namespaces
		if need.Kind == facts.Services && wish.SystemServices && !slices.Contains(namespaces, corev1.NamespaceAll) {
			namespaces = append(slices.Clip(namespaces), metav1.NamespaceSystem)
		}
		var missing []string
		for _, namespace := range namespaces {
			if !c.askedIn[inNamespace{need, namespace}] {
				c.askedIn[inNamespace{need, namespace}] = true
				missing = append(missing, namespace)
			}
		}
		if len(missing) > 0 {
			start(ctx, f, c, missing)
		}
	}
}

// addNamespaces decides how namespaces are read: one by one, or all at once where
// there are many. What was read one by one stays so.
func (c *cluster) addNamespaces(wish facts.Wish) {
	for _, name := range wish.Namespaces {
		if !slices.Contains(c.namespaces, name) && !slices.Contains(c.namespaces, corev1.NamespaceAll) {
			c.namespaces = append(c.namespaces, name)
		}
	}
	if len(c.askedIn) == 0 && (wish.EveryNamespace || len(c.namespaces) > fewNamespaces) {
		c.namespaces = []string{corev1.NamespaceAll}
	}
	slices.Sort(c.namespaces)
	c.snap.Namespaces = nil
	if !slices.Contains(c.namespaces, corev1.NamespaceAll) {
		c.snap.Namespaces = slices.Clone(c.namespaces)
	}
}

func (r *run) startProject(ctx context.Context, f *fanout, p *project, wish facts.Wish) {
	for _, need := range wish.Needs {
		if start, ok := projectReads[need.Kind]; ok && !p.asked[need.Kind] {
			p.asked[need.Kind] = true
			start(ctx, f, r, p)
		}
	}
	maps := fresh(&p.maps, wish.CertificateMaps)
	if len(maps) > 0 {
		spread(ctx, f, &p.ledger, &p.facts.CertificateEntries, maps, r.gcp.CertificateEntries)
	}
	locations := fresh(&p.locations, wish.CertificateLocations)
	if len(locations) > 0 {
		spread(ctx, f, &p.ledger, &p.facts.Certificates, locations, r.gcp.CertificatesIn)
	}
}

// complete copies what the project's Snapshots share into the cluster's.
func (r *run) complete(c *cluster) {
	s, shared := c.snap, c.project.facts
	own := s.LoadBalancing
	s.Now, s.Project, s.LoadBalancing, s.Instances = shared.Now, shared.Project, shared.LoadBalancing, shared.Instances
	s.Health, s.Endpoints, s.RegionQuotas = own.Health, own.Endpoints, own.RegionQuotas
}

// open makes the client of a cluster. Where there is none, all that Kubernetes
// would say is unknown for the same reason: the cluster could not be read, is gone,
// or has no way in.
func (r *run) open(c *cluster) bool {
	if c.objs != nil {
		return true
	}
	found, ok := c.snap.Cluster.Get()
	if !ok {
		c.snap.Unread(c.snap.Cluster.Err())
		return false
	}
	objects, err := r.kube.Open(c.name, found)
	if err != nil {
		c.note(err)
		c.snap.Unread(err)
		return false
	}
	c.objs = objects
	return true
}

func (c *cluster) everyRef() []facts.Ref {
	refs := slices.Clone(c.refs)
	for _, s := range c.strays {
		refs = append(refs, s.ref)
	}
	return refs
}

// zonalNEGs are the groups that listNetworkEndpoints knows, each once.
func zonalNEGs(groups []facts.BackendGroup) []string {
	var negs []string
	for _, g := range groups {
		path := facts.ScopePath(g.Group)
		if strings.HasPrefix(path, "zones/") && strings.Contains(path, "/networkEndpointGroups/") {
			negs = append(negs, facts.RelativePath(g.Group))
		}
	}
	return negs
}

// fresh are the items that weren't there yet, each once; they are then.
func fresh[T comparable](have *map[T]bool, items []T) []T {
	if *have == nil {
		*have = map[T]bool{}
	}
	var out []T
	for _, item := range items {
		if !(*have)[item] {
			(*have)[item] = true
			out = append(out, item)
		}
	}
	return out
}
