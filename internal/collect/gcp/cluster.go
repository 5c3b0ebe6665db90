package gcp

import (
	"context"

	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
)

// Cluster reads one cluster by its full name; a deleted one is absent.
func (r *Reader) Cluster(ctx context.Context, name string) facts.Value[*container.Cluster] {
	cluster, err := r.container.Projects.Locations.Clusters.Get(name).Context(ctx).Do()
	return object(subject{facts.Cluster, "cluster " + name}, cluster, err)
}

// Clusters reads those of all locations of a project. Clusters in zones that did not
// answer are unknown, the others are known.
func (r *Reader) Clusters(ctx context.Context, project string) facts.Value[[]*container.Cluster] {
	s := of(facts.Clusters, "clusters", project)
	answer, err := r.container.Projects.Locations.Clusters.List("projects/" + project + "/locations/-").Context(ctx).Do()
	if err != nil {
		return unread[[]*container.Cluster](s, err)
	}
	var lacks missing
	lacks.add(answer.MissingZones...)
	return list(s, answer.Clusters, lacks.err())
}

// Operations reads the GKE operations of one location that the API still remembers;
// those in zones that did not answer are unknown.
func (r *Reader) Operations(ctx context.Context, project, location string) facts.Value[[]*container.Operation] {
	s := of(facts.Operations, "operations in "+location, project)
	answer, err := r.container.Projects.Locations.Operations.List("projects/" + project + "/locations/" + location).Context(ctx).Do()
	if err != nil {
		return unread[[]*container.Operation](s, err)
	}
	var lacks missing
	lacks.add(answer.MissingZones...)
	return list(s, answer.Operations, lacks.err())
}
