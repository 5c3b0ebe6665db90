package scenario

import (
	"slices"
	"strings"
	"sync"
)

// checkPermission refuses what IAM can't have: another shape than
// service.resource.verb, or a service that doesn't exist. A name that IAM may have
// but no read needs is a warning: most likely it was misspelt, and denies nothing.
func (l *loader) checkPermission(d *document, key, permission string) {
	parts := strings.Split(permission, ".")
	switch {
	case len(parts) < 3 || slices.Contains(parts, "") || strings.ContainsAny(permission, " /"):
		l.errorf(d.place(key), key, "%q isn't an IAM permission like %s", permission, nearestRead(permission))
	case !slices.ContainsFunc(services(), func(s string) bool { return strings.EqualFold(s, parts[0]) }):
		l.errorf(d.place(key), key, "%q isn't an IAM permission: there is no service %q; the nearest is %s", permission, parts[0], nearestRead(permission))
	case !isRead(permission):
		l.warnf(d.place(key), key, "no read needs the permission %q, so it changes nothing; the nearest is %s", permission, nearestRead(permission))
	}
}

func isRead(permission string) bool {
	return slices.ContainsFunc(reads(), func(p string) bool { return strings.EqualFold(p, permission) })
}

// services are those of IAM that a project with load balancers may use.
func services() []string {
	return []string{
		"accesscontextmanager", "apikeys", "artifactregistry", "autoscaling", "backupdr", "bigquery", "certificatemanager", "cloudasset",
		"cloudbuild", "cloudfunctions", "cloudkms", "cloudsecurityscanner", "cloudsql", "cloudsupport", "cloudtrace", "compute",
		"connectors", "container", "containeranalysis", "datastore", "deploymentmanager", "dns", "domains", "edgecontainer", "errorreporting",
		"eventarc", "firebase", "gkebackup", "gkehub", "gkemulticloud", "iam", "iap", "logging", "memcache", "meshconfig", "monitoring",
		"networkconnectivity", "networkmanagement", "networksecurity", "networkservices", "orgpolicy", "oslogin", "policysimulator",
		"privateca", "pubsub", "recaptchaenterprise", "recommender", "redis", "resourcemanager", "run", "secretmanager", "securitycenter",
		"servicedirectory", "servicemanagement", "servicenetworking", "serviceusage", "spanner", "stackdriver", "storage", "trafficdirector",
		"visionai", "vpcaccess", "workflows",
	}
}

// reads are the permissions of what is read about a load balancer
// (gcp-facts.md §7): those that a fake cloud asks for.
var reads = sync.OnceValue(func() []string {
	all := []string{
		"compute.networks.getEffectiveFirewalls", "compute.networks.getRegionEffectiveFirewalls",
		"container.clusters.connect", "container.pods.proxy", "container.pods.getLogs",
		"logging.logEntries.list", "logging.privateLogEntries.list", "logging.views.access",
		"resourcemanager.projects.get", "dns.managedZones.list", "dns.resourceRecordSets.list",
	}
	add := func(service string, resources ...string) {
		for _, resource := range resources {
			all = append(all, service+"."+resource+".get", service+"."+resource+".list")
		}
	}
	for name, c := range collections {
		add("compute", name)
		if strings.ContainsRune(c.scopes, 'g') {
			add("compute", "global"+strings.ToUpper(name[:1])+name[1:])
		}
		if strings.ContainsRune(c.scopes, 'r') {
			add("compute", "region"+strings.ToUpper(name[:1])+name[1:])
		}
	}
	add("compute", "zoneOperations", "regionFirewallPolicies", "zones")
	add("container",
		"clusters", "operations", "backendConfigs", "configMaps", "controllerRevisions", "cronJobs", "csiDrivers", "csiNodes",
		"customResourceDefinitions", "daemonSets", "deployments", "endpointSlices", "endpoints", "events", "frontendConfigs",
		"horizontalPodAutoscalers", "ingressClasses", "ingresses", "jobs", "leases", "limitRanges", "managedCertificates",
		"mutatingWebhookConfigurations", "namespaces", "networkPolicies", "nodes", "persistentVolumeClaims", "persistentVolumes",
		"podDisruptionBudgets", "podTemplates", "pods", "priorityClasses", "replicaSets", "replicationControllers", "resourceQuotas",
		"runtimeClasses", "secrets", "serviceAccounts", "services", "statefulSets", "storageClasses", "thirdPartyObjects", "updateInfos",
		"validatingWebhookConfigurations", "volumeAttachments", "volumeSnapshots", "roles", "roleBindings", "clusterRoles", "clusterRoleBindings",
	)
	add("certificatemanager", "certmaps", "certmapentries", "certs", "dnsauthorizations", "certissuanceconfigs", "trustconfigs", "locations")
	slices.Sort(all)
	return slices.Compact(all)
})

// nearestRead is the read whose permission is written most like the text.
func nearestRead(text string) string {
	best, least := "", -1
	for _, permission := range reads() {
		if n := edits(strings.ToLower(text), strings.ToLower(permission)); least < 0 || n < least {
			best, least = permission, n
		}
	}
	return best
}

// edits is how many letters must be put in, taken out or replaced to make one
// text of the other.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
