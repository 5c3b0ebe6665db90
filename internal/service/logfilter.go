package service

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// What one filter may hold: 20,000 characters (gcp-facts.md §1.2), less the bounds of
// time that the query adds. entries.list is 60 a minute (§7), so one query asks for
// everything, and each part has a share that the others can't take.
const (
	maxGroups       = 100
	kubernetesShare = 8000
	computeShare    = 6000
	requestShare    = 2400
)

// LogFilter asks, in one query, for the changes of the cluster's settings, the
// changes of the objects on the targets' paths, the health-check transitions of their
// groups, the last day of these, and the requests that their URL maps routed and that
// went wrong. Of the changes, whatever the collector's window holds. Without a cluster,
// for what Compute tells alone.
func (Plan) LogFilter(s *facts.Snapshot) string {
	objects := onPaths(s)
	var parts []string
	if s.ClusterName != "" {
		_, _, cluster := facts.ClusterParts(s.ClusterName)
		ours := ` AND resource.labels.cluster_name=` + strconv.Quote(cluster)
		parts = append(parts, activity("container.googleapis.com")+ours+` AND protoPayload.methodName=~"ClusterManager\\.(SetAddonsConfig|UpdateCluster|CreateCluster|UpdateMaster|SetNetworkPolicy)$")`)
		if changed := kubernetesChanged(objects); changed != "" {
			parts = append(parts, activity("k8s.io")+ours+` AND protoPayload.methodName=~"\\.(create|update|patch|delete)$" AND `+changed+`)`)
		}
	}
	// What the NEG controller attaches and detaches all day is no change.
	if changed := computeChanged(s, objects); changed != "" {
		parts = append(parts, activity("compute.googleapis.com")+` AND NOT protoPayload.methodName=~"NetworkEndpoints$" AND `+changed+`)`)
	}
	if groups := groupsLogged(s); groups != "" {
		parts = append(parts, `(log_id("compute.googleapis.com/healthchecks") AND timestamp>="`+s.Now.Add(-24*time.Hour).UTC().Format(time.RFC3339)+`" AND `+groups+`)`)
	}
	if requests := requestsLogged(s); requests != "" {
		parts = append(parts, requests)
	}
	return strings.Join(parts, " OR ")
}

// activity begins the condition of a service's audit entries.
func activity(service string) string {
	return `(log_id("cloudaudit.googleapis.com/activity") AND protoPayload.serviceName=` + strconv.Quote(service)
}

// kubernetesChanged names the cluster's objects; empty when there are none.
func kubernetesChanged(objects []facts.Ref) string {
	var names, prefixes []string
	for _, r := range objects {
		collection, ok := kubernetesCollections[r.Kind]
		if !ok {
			continue
		}
		for _, version := range collection.versions {
			name := version + "/namespaces/" + r.Namespace + "/" + collection.plural + "/" + r.Name
			switch {
			case r.Name == "":
				prefixes = append(prefixes, name)
			case collection.scales:
				names = append(names, name, name+"/scale")
			default:
				names = append(names, name)
			}
		}
	}
	return either(
		anyOf("protoPayload.resourceName=", once(names), kubernetesShare*3/4),
		anyOf("protoPayload.resourceName:", once(prefixes), kubernetesShare/4),
	)
}

// computeChanged names the resources of the project, and the firewall rules and
// policies of the network where it is the project's own: the log of a shared VPC's
// host project isn't asked, so that changes there stay unseen.
func computeChanged(s *facts.Snapshot, objects []facts.Ref) string {
	var names []string
	firewalls := ""
	for _, r := range objects {
		collection, ok := computeCollections[r.Kind]
		switch {
		case !ok || r.Project != s.Project:
		case r.Name != "" && r.Scope != "":
			names = append(names, "projects/"+r.Project+"/"+r.Scope+"/"+collection+"/"+r.Name)
		case r.Kind == facts.KindFirewallRule:
			firewalls = `protoPayload.methodName=~"^(v1|beta|alpha)\\.compute\\.(firewalls|networkFirewallPolicies|regionNetworkFirewallPolicies)\\."`
		}
	}
	return either(anyOf("protoPayload.resourceName=", once(names), computeShare), firewalls)
}

// groupsLogged is the condition under which the health checks' entries are found: by
// number for NEGs, by name for instance groups.
func groupsLogged(s *facts.Snapshot) string {
	var negs, instanceGroups []string
	for _, g := range (Plan{}).Wish(s, nil).Groups {
		if strings.Contains(g.Group, "/instanceGroups/") {
			instanceGroups = append(instanceGroups, facts.LastSegment(g.Group))
		} else if neg, ok := glbc.NEGOf(s, g.Group); ok {
			negs = append(negs, strconv.FormatUint(neg.GetId(), 10))
		}
	}
	var list []string
	for _, of := range []struct {
		condition, field string
		values           []string
	}{
		{`resource.type="gce_instance_group"`, "resource.labels.instance_group_name=", instanceGroups},
		{`resource.type="gce_network_endpoint_group"`, "resource.labels.network_endpoint_group_id=", negs},
	} {
		slices.Sort(of.values)
		of.values = slices.Compact(of.values)
		if condition := anyOf(of.field, of.values[:min(maxGroups, len(of.values))], maxGroups*75); condition != "" {
			list = append(list, "("+of.condition+" AND "+condition+")")
		}
	}
	return either(list...)
}

// anyOf compares a field with values, the first of them as far as the characters
// reach.
func anyOf(field string, values []string, characters int) string {
	var quoted []string
	for _, v := range values {
		q := strconv.Quote(v)
		if characters -= len(q) + len(" OR "); characters < 0 {
			break
		}
		quoted = append(quoted, q)
	}
	switch len(quoted) {
	case 0:
		return ""
	case 1:
		return field + quoted[0]
	}
	return field + "(" + strings.Join(quoted, " OR ") + ")"
}

// either joins the conditions that aren't empty.
func either(conditions ...string) string {
	conditions = slices.DeleteFunc(conditions, func(c string) bool { return c == "" })
	if len(conditions) < 2 {
		return strings.Join(conditions, "")
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
}

// once drops what is there already.
func once(list []string) []string {
	var kept []string
	for _, v := range list {
		if !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept
}
