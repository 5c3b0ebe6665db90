package collect

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"plumbline/internal/facts"
)

// fewNamespaces is how many are read one by one; with more, reading all takes
// fewer calls.
const fewNamespaces = 4

// readProjects is round 1: what load balancing the projects have, and the clusters.
func (r *run) readProjects(ctx context.Context) {
	f, ctx := r.round(ctx)
	for _, p := range r.projects {
		read(ctx, f, &p.ledger, &p.facts.BackendServices, func(ctx context.Context) facts.Value[[]*computepb.BackendService] {
			return r.gcp.BackendServices(ctx, p.name)
		})
		read(ctx, f, &p.ledger, &p.facts.HealthChecks, func(ctx context.Context) facts.Value[[]*computepb.HealthCheck] {
			return r.gcp.HealthChecks(ctx, p.name)
		})
		read(ctx, f, &p.ledger, &p.facts.NEGs, func(ctx context.Context) facts.Value[[]*computepb.NetworkEndpointGroup] {
			return r.gcp.NEGs(ctx, p.name)
		})
		read(ctx, f, &p.ledger, &p.facts.InstanceGroups, func(ctx context.Context) facts.Value[[]*computepb.InstanceGroup] {
			return r.gcp.InstanceGroups(ctx, p.name)
		})
		if r.strayIn(p) {
			f.do(ctx, func(ctx context.Context) {
				var missing error
				p.all, missing = r.gcp.Clusters(ctx, p.name)
				p.listed.note(p.all.Err())
				if missing != nil {
					p.listed.note(missing)
				}
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
		read(ctx, f, &c.ledger, &c.snap.ClusterUID, c.objs.UID)
	}
	f.wait()
	for _, s := range r.strays {
		s.exclude()
	}
	r.dropOrphans()
}

// readClusters is round 2: Kubernetes, and the firewall rules of the cluster's
// network, which a shared VPC keeps in its host project.
func (r *run) readClusters(ctx context.Context) {
	f, ctx := r.round(ctx)
	for _, c := range r.clusters {
		r.complete(c)
		opened := r.open(c)
		if opened {
			c.snap.Namespaces = r.namespaces(c) // while nobody writes to the Snapshot
		}
		read(ctx, f, &c.ledger, &c.snap.Firewalls, func(ctx context.Context) facts.Value[[]*computepb.Firewall] {
			return r.gcp.Firewalls(ctx, networkProject(c))
		})
		if opened {
			readObjects(ctx, f, c)
		}
	}
	f.wait()
}

// namespaces are those to read one by one; none means all at once.
func (r *run) namespaces(c *cluster) []string {
	names := slices.Compact(slices.Sorted(slices.Values(r.plan.Namespaces(c.snap, c.everyRef()))))
	if len(names) > fewNamespaces {
		return nil
	}
	return names
}

func readObjects(ctx context.Context, f *fanout, c *cluster) {
	s, k := c.snap, c.objs
	read(ctx, f, &c.ledger, &s.Ingresses, k.Ingresses)
	read(ctx, f, &c.ledger, &s.IngressClasses, k.IngressClasses)
	read(ctx, f, &c.ledger, &s.Gateways, k.Gateways)
	if !s.ClusterUID.Known() {
		read(ctx, f, &c.ledger, &s.ClusterUID, k.UID)
	}
	namespaces := s.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{corev1.NamespaceAll}
	}
	spread(ctx, f, &c.ledger, &s.Services, namespaces, k.Services)
	spread(ctx, f, &c.ledger, &s.Pods, namespaces, k.Pods)
	spread(ctx, f, &c.ledger, &s.Events, namespaces, k.Events)
}

// readDetails is round 3: what only the first two could name.
func (r *run) readDetails(ctx context.Context) {
	f, ctx := r.round(ctx)
	for _, c := range r.clusters {
		s := c.snap
		s.Targets = r.plan.Resolve(s, c.refs)
		groups := distinct(r.plan.Groups(s))
		gather(ctx, f, &c.ledger, &s.Health, groups, r.gcp.Health)
		gather(ctx, f, &c.ledger, &s.Endpoints, zonalNEGs(groups), r.gcp.Endpoints)
		if c.objs != nil {
			gather(ctx, f, &c.ledger, &s.ConfigMaps, keys(r.plan.ConfigMaps(s)), c.objs.ConfigMap)
		}
		if filter := r.plan.LogFilter(s); filter != "" {
			read(ctx, f, &c.ledger, &s.History, func(ctx context.Context) facts.Value[[]json.RawMessage] {
				return r.logs.Query(ctx, c.project.name, filter, r.now)
			})
		}
	}
	f.wait()
}

// complete copies what the project's Snapshots share into the cluster's.
func (r *run) complete(c *cluster) {
	shared := c.project.facts
	c.snap.Now, c.snap.Project = shared.Now, shared.Project
	c.snap.BackendServices, c.snap.HealthChecks = shared.BackendServices, shared.HealthChecks
	c.snap.NEGs, c.snap.InstanceGroups = shared.NEGs, shared.InstanceGroups
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
		c.unread(c.snap.Cluster.Err())
		return false
	}
	objects, err := r.kube.Open(c.name, found)
	if err != nil {
		c.note(err)
		c.unread(err)
		return false
	}
	c.objs = objects
	return true
}

// unread makes all Kubernetes Values unknown; nil leaves them as not read.
func (c *cluster) unread(err error) {
	if err == nil {
		return
	}
	s := c.snap
	blank(&s.Ingresses, err)
	blank(&s.IngressClasses, err)
	blank(&s.Gateways, err)
	blank(&s.Services, err)
	blank(&s.Pods, err)
	blank(&s.Events, err)
	blank(&s.ClusterUID, err)
}

func blank[T any](v *facts.Value[T], err error) { *v = facts.Unknown[T](err) }

// networkProject is where the cluster's network is; its own project unless the VPC
// is shared (gcp-facts.md §7).
func networkProject(c *cluster) string {
	found, ok := c.snap.Cluster.Get()
	if ok && found.NetworkConfig != nil {
		path := strings.Split(facts.RelativePath(found.NetworkConfig.Network), "/")
		if len(path) > 2 && path[0] == "projects" {
			return path[1]
		}
	}
	return c.project.name
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
	return distinct(negs)
}

// keys are namespace/name, as the Snapshot's map has them.
func keys(names []types.NamespacedName) []string {
	var keys []string
	for _, n := range names {
		keys = append(keys, n.String())
	}
	return distinct(keys)
}

// distinct keeps the first of equal items.
func distinct[T comparable](items []T) []T {
	seen := map[T]bool{}
	return slices.DeleteFunc(slices.Clone(items), func(item T) bool {
		old := seen[item]
		seen[item] = true
		return old
	})
}
