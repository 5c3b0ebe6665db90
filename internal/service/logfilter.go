package service

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// maxGroups bounds the groups that one filter names; a filter may have 20,000
// characters (gcp-facts.md §1.2), and entries.list is 60 a minute (§7), so one query
// asks for everything.
const maxGroups = 100

// LogFilter asks, in one query, for the changes of the cluster's settings, the
// changes of the objects on the targets' paths, and the health-check transitions of
// their groups: the last day of these, and of the changes whatever the collector's
// window holds.
func (Plan) LogFilter(s *facts.Snapshot) string {
	if s.ClusterName == "" {
		return ""
	}
	_, _, cluster := facts.ClusterParts(s.ClusterName)
	parts := []string{
		`(log_id("cloudaudit.googleapis.com/activity") AND protoPayload.serviceName="container.googleapis.com" AND resource.labels.cluster_name=` + strconv.Quote(cluster) +
			` AND protoPayload.methodName=~"ClusterManager\\.(SetAddonsConfig|UpdateCluster|CreateCluster|UpdateMaster|SetNetworkPolicy)$")`,
	}
	if objects := objectsChanged(s); len(objects) > 0 {
		parts = append(parts, `(log_id("cloudaudit.googleapis.com/activity") AND protoPayload.serviceName="k8s.io" AND resource.labels.cluster_name=`+strconv.Quote(cluster)+
			` AND protoPayload.methodName=~"\\.(create|update|patch|delete)$" AND protoPayload.resourceName=(`+strings.Join(objects, " OR ")+`))`)
	}
	if groups := groupsLogged(s); len(groups) > 0 {
		parts = append(parts, `(log_id("compute.googleapis.com/healthchecks") AND timestamp>="`+s.Now.Add(-24*time.Hour).UTC().Format(time.RFC3339)+`" AND (`+strings.Join(groups, " OR ")+`))`)
	}
	return strings.Join(parts, " OR ")
}

// objectsChanged are the resource names, quoted, of the objects on the targets'
// paths that people change.
func objectsChanged(s *facts.Snapshot) []string {
	var names []string
	add := func(format string, args ...any) {
		name := strconv.Quote(fmt.Sprintf(format, args...))
		if !slices.Contains(names, name) && len(names) < maxGroups {
			names = append(names, name)
		}
	}
	for _, t := range s.Targets {
		if t.Ref.Kind == facts.KindIngress {
			add("networking.k8s.io/v1/namespaces/%s/ingresses/%s", t.Ref.Namespace, t.Ref.Name)
		}
	}
	for _, b := range backends(s) {
		add("core/v1/namespaces/%s/services/%s", b.Namespace, b.Service)
		pods, _ := glbc.PodsOf(s, b)
		for _, pod := range pods {
			if w := glbc.WorkloadOf(s.ClusterName, pod); w.Kind == facts.KindDeployment {
				add("apps/v1/namespaces/%s/deployments/%s", w.Namespace, w.Name)
			}
		}
	}
	for _, cm := range (Plan{}).Wish(s, nil).ConfigMaps {
		namespace, name, _ := strings.Cut(cm, "/")
		add("core/v1/namespaces/%s/configmaps/%s", namespace, name)
	}
	return names
}

// groupsLogged are the conditions, one a group, under which its health check's
// entries are found: by number for a NEG, by name and zone for an instance group.
func groupsLogged(s *facts.Snapshot) []string {
	var list []string
	for _, g := range (Plan{}).Wish(s, nil).Groups {
		if len(list) == maxGroups {
			break
		}
		switch {
		case strings.Contains(g.Group, "/instanceGroups/"):
			list = append(list, `(resource.type="gce_instance_group" AND resource.labels.instance_group_name=`+strconv.Quote(facts.LastSegment(g.Group))+`)`)
		default:
			if neg, ok := glbc.NEGOf(s, g.Group); ok {
				list = append(list, `(resource.type="gce_network_endpoint_group" AND resource.labels.network_endpoint_group_id="`+strconv.FormatUint(neg.GetId(), 10)+`")`)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
