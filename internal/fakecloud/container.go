package fakecloud

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
)

// containerCall understands container/v1: a cluster, and the clusters of a
// location or of all (`-`). Nil is a path that isn't served.
func (c *Cloud) containerCall(st *state, path string, r *http.Request) *call {
	p := strings.Split(path, "/")
	if r.Method != http.MethodGet || len(p) < 5 || len(p) > 6 || p[0] != "projects" || p[2] != "locations" || p[4] != "clusters" {
		return nil
	}
	if len(p) == 6 {
		name := strings.Join(p, "/")
		return &call{
			permission: clustersGet, resource: name, refused: containerRefusal,
			answer: func() (any, *googleError) { return c.getCluster(st, name) },
		}
	}
	return &call{
		permission: clustersList, resource: "projects/" + p[1], refused: containerRefusal,
		answer: func() (any, *googleError) { return c.listClusters(st, p[1], p[3]) },
	}
}

func (c *Cloud) getCluster(st *state, name string) (any, *googleError) {
	if _, ok := st.world.Clusters[name]; !ok {
		return nil, noSuch(name)
	}
	return c.served(st, name)
}

// listClusters leaves out what lies in an unreachable zone or region and names
// it in missingZones, which is a success all the same.
func (c *Cloud) listClusters(st *state, projectID, location string) (any, *googleError) {
	if st.projects[projectID] == nil {
		return nil, noSuch("projects/" + projectID)
	}
	answer := &container.ListClustersResponse{}
	for _, scope := range c.options.Unreachable {
		if place := facts.LastSegment(scope); location == "-" || place == location {
			answer.MissingZones = append(answer.MissingZones, place)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(st.world.Clusters)) {
		owner, place, _ := facts.ClusterParts(name)
		if owner != projectID || (location != "-" && place != location) || slices.Contains(answer.MissingZones, place) {
			continue
		}
		cluster, problem := c.served(st, name)
		if problem != nil {
			return nil, problem
		}
		answer.Clusters = append(answer.Clusters, cluster)
	}
	return answer, nil
}

// served is the cluster as the API returns it: the fixture, with the endpoint it
// is reached at and the authority that signs it.
func (c *Cloud) served(st *state, name string) (*container.Cluster, *googleError) {
	ca, err := c.pki.cluster(name)
	if err != nil {
		return nil, &googleError{code: http.StatusInternalServerError, reason: "backendError", message: err.Error(), canonical: "INTERNAL"}
	}
	cluster := *st.world.Clusters[name]
	auth := container.MasterAuth{}
	if cluster.MasterAuth != nil {
		auth = *cluster.MasterAuth
	}
	auth.ClusterCaCertificate = base64.StdEncoding.EncodeToString(ca.pem())
	cluster.MasterAuth = &auth
	if cluster.Endpoint == "" {
		cluster.Endpoint = st.endpoints[name]
	}
	_, location, short := facts.ClusterParts(name)
	if cluster.Name == "" {
		cluster.Name = short
	}
	if cluster.Location == "" {
		cluster.Location = location
	}
	return &cluster, nil
}

func noSuch(name string) *googleError {
	return &googleError{code: http.StatusNotFound, reason: "notFound", message: fmt.Sprintf("Not found: %s.", name), canonical: "NOT_FOUND"}
}
