package signal

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"plumbline/internal/facts"
)

// readClusterAudit reads what GKE's own API tells of a cluster (gcp-facts.md
// §2.1). Whoever changed it, a cluster's change is a trigger.
func readClusterAudit(e *entry, a *audit) (s Signal, quiet string, err error) {
	if a.method == "" {
		return s, "", errNoIdentity
	}
	_, verb, ok := strings.Cut(a.method, ".ClusterManager.")
	if !ok || !strings.HasPrefix(a.method, "google.container.v1") || !isClusterChange(verb) {
		return s, "", fmt.Errorf("%w: method %s", ErrIgnored, a.method)
	}
	if err = a.readChange(e); err != nil {
		return s, "", err
	}
	cluster, err := auditedCluster(e, a)
	if err != nil {
		return s, "", err
	}
	if a.change.Fields, err = clusterFields(a.request); err != nil {
		return s, "", err
	}
	if a.change.Failed {
		quiet = a.noTrigger()
	}
	return a.signal(ClusterChanged, facts.ClusterRef(cluster)), quiet, nil
}

func isClusterChange(verb string) bool {
	switch verb {
	case "UpdateCluster", "SetAddonsConfig", "CreateCluster", "UpdateMaster", "SetNetworkPolicy", "DeleteCluster":
		return true
	}
	return false
}

// auditedCluster is the cluster's full name: of the resource labels, else of the
// resource name, else of the request as old callers write it.
func auditedCluster(e *entry, a *audit) (string, error) {
	cluster, err := e.cluster()
	if err != nil || cluster != "" {
		return cluster, err
	}
	if cluster = clusterNamed(a.resource); cluster != "" {
		return cluster, nil
	}
	var name, project, zone, id string
	err = fields(
		a.request, "request",
		field{"name", &name}, field{"projectId", &project}, field{"zone", &zone}, field{"clusterId", &id},
	)
	switch {
	case err != nil:
		return "", err
	case clusterNamed(name) != "":
		return clusterNamed(name), nil
	case areNames(project, zone, id):
		return facts.ClusterName(project, zone, id), nil
	case a.resource == "":
		return "", errNoIdentity
	}
	return "", fmt.Errorf("%w, neither does %q, nor the request", errNoCluster, a.resource)
}

// clusterNamed turns a resource name, zonal or not, of a cluster or what is in it,
// into the cluster's full name; empty when it isn't one.
func clusterNamed(resource string) string {
	p := strings.Split(resource, "/")
	if len(p) < 6 || p[0] != "projects" || p[2] != "locations" && p[2] != "zones" || p[4] != "clusters" || !areNames(p[1], p[3], p[5]) {
		return ""
	}
	return facts.ClusterName(p[1], p[3], p[5])
}

// clusterFields are the settings of Change.Fields that a request names, in the
// spelling of the cluster resource whatever the method calls them.
func clusterFields(request json.RawMessage) (map[string]string, error) {
	var (
		update, cluster                  json.RawMessage
		addons, gateway, policy, version json.RawMessage
	)
	err := fields(
		request, "request",
		field{"update", &update}, field{"cluster", &cluster},
		field{"addonsConfig", &addons}, field{"networkPolicy", &policy}, field{"masterVersion", &version},
	)
	if err != nil {
		return nil, err
	}
	err = fields(
		update, "request.update",
		field{"desiredAddonsConfig", &addons}, field{"desiredGatewayApiConfig", &gateway}, field{"desiredMasterVersion", &version},
	)
	if err != nil {
		return nil, err
	}
	err = fields(
		cluster, "request.cluster",
		field{"addonsConfig", &addons}, field{"gatewayApiConfig", &gateway}, field{"networkPolicy", &policy},
	)
	if err != nil {
		return nil, err
	}
	return settings(addons, gateway, policy, version)
}

// settings reads the values. An empty object means that its boolean is false; an
// absent one that nothing is said (gcp-facts.md §2.1).
func settings(addons, gateway, policy, version json.RawMessage) (map[string]string, error) {
	set := map[string]string{}
	var balancing json.RawMessage
	if err := fields(addons, "addonsConfig", field{"httpLoadBalancing", &balancing}); err != nil {
		return nil, err
	}
	if !isNull(balancing) {
		var disabled bool
		if err := fields(balancing, "httpLoadBalancing", field{"disabled", &disabled}); err != nil {
			return nil, err
		}
		set[HTTPLoadBalancingDisabled] = strconv.FormatBool(disabled)
	}
	if !isNull(policy) {
		var enabled bool
		if err := fields(policy, "networkPolicy", field{"enabled", &enabled}); err != nil {
			return nil, err
		}
		set["networkPolicy.enabled"] = strconv.FormatBool(enabled)
	}
	var channel json.RawMessage
	if err := fields(gateway, "gatewayApiConfig", field{"channel", &channel}); err != nil {
		return nil, err
	}
	for name, value := range map[string]json.RawMessage{"gatewayApiConfig.channel": channel, "masterVersion": version} {
		var said string
		if err := assign(&said, value); err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
		if said != "" {
			set[name] = string(value)
		}
	}
	if len(set) == 0 {
		return nil, nil
	}
	return set, nil
}
