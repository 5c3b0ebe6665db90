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

// gkeOperation checks an operation of GKE and fills in what its path says.
func (l *loader) gkeOperation(d *document) (*container.Operation, bool) {
	var o *container.Operation
	if _, ok := l.strict(d, "container Operation", l.options.Lenient, intoStruct(func() any {
		o = &container.Operation{}
		return o
	})); !ok {
		return nil, false
	}
	location := strings.Split(d.slot.path, "/")[3]
	for _, field := range []struct{ key, has, path string }{{"name", o.Name, d.slot.name}, {"location", o.Location, location}} {
		if field.has != "" && field.has != field.path {
			l.errorf(d.place(field.key), field.key, "%s is %q, but the path of the file says %q", field.key, field.has, field.path)
			return nil, false
		}
	}
	o.Name, o.Location = d.slot.name, location
	if o.SelfLink == "" {
		o.SelfLink = containerURL + d.slot.path
	}
	return o, true
}

// shortName is a cluster's name without project and location, as the folders
// under kubernetes/ have it.
func shortName(cluster string) string { return cluster[strings.LastIndexByte(cluster, '/')+1:] }
