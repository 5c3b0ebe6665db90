package gcp

import (
	"context"

	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
)

// Cluster reads one cluster by its full name; a deleted one is absent.
func (r *Reader) Cluster(ctx context.Context, name string) facts.Value[*container.Cluster] {
	cluster, err := r.container.Projects.Locations.Clusters.Get(name).Context(ctx).Do()
	switch {
	case isNotFound(err):
		return facts.Absent[*container.Cluster]()
	case err != nil:
		return unread[*container.Cluster](facts.Cluster, "cluster "+name, err)
	}
	return facts.Found(cluster)
}

// Clusters reads those of all locations of a project. The error tells of zones
// that did not answer: clusters there are unknown, the others are known.
func (r *Reader) Clusters(ctx context.Context, project string) (facts.Value[[]*container.Cluster], error) {
	list, err := r.container.Projects.Locations.Clusters.List("projects/" + project + "/locations/-").Context(ctx).Do()
	if err != nil {
		return unread[[]*container.Cluster](facts.Clusters, "clusters of "+project, err), nil
	}
	if len(list.MissingZones) > 0 {
		missing := partialError{list.MissingZones}
		return facts.Found(list.Clusters), unread[any](facts.Clusters, "clusters of "+project, missing).Err()
	}
	return facts.Found(list.Clusters), nil
}
