package scenario

import (
	"encoding/json"
	"strings"

	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
)

const containerURL = "https://container.googleapis.com/v1/"

// gkeCluster checks a GKE cluster and fills in what its path says.
func (l *loader) gkeCluster(d *document) (*container.Cluster, bool) {
	var c *container.Cluster
	body, ok := l.strict(d, "container Cluster", l.options.Lenient, intoStruct(func() any {
		c = &container.Cluster{}
		return c
	}))
	if !ok {
		return nil, false
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		l.errorf(d.place(""), "", "not a JSON object: %v", err)
		return nil, false
	}
	_, location, name := facts.ClusterParts(d.slot.path)
	if !l.agrees(d, fields, "name", name) || !l.agrees(d, fields, "location", location) {
		return nil, false
	}
	c.Name, c.Location = name, location
	if c.SelfLink == "" {
		c.SelfLink = containerURL + d.slot.path
	}
	return c, true
}

// shortName is a cluster's name without project and location, as the folders
// under kubernetes/ have it.
func shortName(cluster string) string { return cluster[strings.LastIndexByte(cluster, '/')+1:] }
