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

// containerCall understands container/v1: clusters and operations, one of them or
// those of a location or of all (`-`). Nil is a path that isn't served.
func (c *Cloud) containerCall(st *state, path string, r *http.Request) *call {
	p := strings.Split(path, "/")
	if r.Method != http.MethodGet || len(p) < 5 || len(p) > 6 || p[0] != "projects" || p[2] != "locations" || slices.Contains(p, "") {
		return nil
	}
	gke := &call{resource: "projects/" + p[1], refused: containerRefusal}
	one := len(p) == 6
	if one {
		gke.resource = path
	}
	switch {
	case p[4] == "clusters" && one:
		gke.permission = clustersGet
		gke.answer = func() (any, *googleError) { return c.getCluster(st, path) }
	case p[4] == "clusters":
		gke.permission = clustersList
		gke.answer = func() (any, *googleError) { return c.listClusters(st, p[1], p[3]) }
	case p[4] == "operations" && one:
		gke.permission = operationsGet
		gke.answer = func() (any, *googleError) { return c.getOperation(st, path) }
	case p[4] == "operations":
		gke.permission = operationsList
		gke.answer = func() (any, *googleError) { return c.listOperations(st, p[1], p[3]) }
	default:
		return nil
	}
	return gke
}

func (c *Cloud) getCluster(st *state, name string) (any, *googleError) {
	if _, ok := st.world.Clusters[name]; !ok {
		return nil, noSuch(name)
	}
	if problem := c.outOfReach(st, name); problem != nil {
		return nil, problem
	}
	return c.served(st, name)
}

// listClusters leaves out what lies in an unreachable zone or region and names
// it in missingZones, which is a success all the same.
func (c *Cloud) listClusters(st *state, projectID, location string) (any, *googleError) {
	if st.projects[projectID] == nil {
		return nil, noSuch("projects/" + projectID)
	}
	answer := &container.ListClustersResponse{MissingZones: c.missing(st, location)}
	for _, name := range slices.Sorted(maps.Keys(st.world.Clusters)) {
		if !listed(name, projectID, location, answer.MissingZones) {
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

func (c *Cloud) getOperation(st *state, name string) (any, *googleError) {
	operation, ok := st.world.Operations[name]
	if !ok {
		return nil, noSuch(name)
	}
	if problem := c.outOfReach(st, name); problem != nil {
		return nil, problem
	}
	return operation, nil
}

func (c *Cloud) listOperations(st *state, projectID, location string) (any, *googleError) {
	if st.projects[projectID] == nil {
		return nil, noSuch("projects/" + projectID)
	}
	answer := &container.ListOperationsResponse{MissingZones: c.missing(st, location)}
	for _, name := range slices.Sorted(maps.Keys(st.world.Operations)) {
		if listed(name, projectID, location, answer.MissingZones) {
			answer.Operations = append(answer.Operations, st.world.Operations[name])
		}
	}
	return answer, nil
}

// missing are the unreachable locations among those asked for.
func (c *Cloud) missing(st *state, location string) []string {
	var zones []string
	for _, scope := range c.unreachable(st) {
		if place := facts.LastSegment(scope); location == "-" || place == location {
			zones = append(zones, place)
		}
	}
	return zones
}

// listed reports whether projects/P/locations/L/… is in a list of that project and
// location.
func listed(name, projectID, location string, missing []string) bool {
	p := strings.Split(name, "/")
	return p[1] == projectID && (location == "-" || p[3] == location) && !slices.Contains(missing, p[3])
}

// outOfReach refuses what lies in an unreachable location.
func (c *Cloud) outOfReach(st *state, name string) *googleError {
	location := strings.Split(name, "/")[3]
	if len(c.missing(st, location)) == 0 {
		return nil
	}
	return &googleError{
		code: http.StatusServiceUnavailable, reason: "backendError", canonical: "UNAVAILABLE",
		message: fmt.Sprintf("The location %s is unavailable.", location),
	}
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
	nameNetwork(st.networks[name], &cluster)
	return &cluster, nil
}

// nameNetwork says a cluster's network both ways, as GKE does: by its bare name,
// and by its path in networkConfig, which knows the host project of a shared VPC.
func nameNetwork(path string, cluster *container.Cluster) {
	if path == "" {
		return
	}
	config := container.NetworkConfig{}
	if cluster.NetworkConfig != nil {
		config = *cluster.NetworkConfig
	}
	if config.Network == "" {
		config.Network = path
	}
	cluster.NetworkConfig = &config
	if cluster.Network == "" {
		cluster.Network = facts.LastSegment(path)
	}
}

func noSuch(name string) *googleError {
	return &googleError{code: http.StatusNotFound, reason: "notFound", message: fmt.Sprintf("Not found: %s.", name), canonical: "NOT_FOUND"}
}
