package cause

import (
	"net/url"
	"strings"
	"time"

	"plumbline/internal/facts"
)

const console = "https://console.cloud.google.com"

// ClusterLink is the console's page of a cluster.
func ClusterLink(cluster string) string {
	project, location, name := facts.ClusterParts(cluster)
	return console + "/kubernetes/clusters/details/" + location + "/" + name + "/details?project=" + project
}

// ObjectLink is the console's page of an Ingress, a Service or a Deployment.
func ObjectLink(r facts.Ref) string {
	project, location, name := facts.ClusterParts(r.Cluster)
	section, ok := map[string]string{
		facts.KindIngress: "ingress", facts.KindService: "service", facts.KindDeployment: "deployment", facts.KindConfigMap: "config/configmap", facts.KindPod: "pod",
	}[r.Kind]
	if !ok {
		return ClusterLink(r.Cluster)
	}
	return console + "/kubernetes/" + section + "/" + location + "/" + name + "/" + r.Namespace + "/" + r.Name + "/details?project=" + project
}

// ComputeLink is the console's page of a backend service or health check, given by
// its relative path; of a regional one, the page that lists them.
func ComputeLink(path string) string {
	project, rest, _ := cutProject(path)
	section := "/net-services/loadbalancing/list/backends"
	if strings.HasPrefix(rest, "regions/") {
		if strings.Contains(rest, "/healthChecks/") {
			section = "/compute/healthChecks"
		}
	} else if kind := facts.LastSegment(path[:max(0, len(path)-len(facts.LastSegment(path))-1)]); kind == "healthChecks" {
		section = "/compute/healthChecks/details/" + facts.LastSegment(path)
	} else if kind == "backendServices" {
		section = "/net-services/loadbalancing/backends/details/backendService/" + facts.LastSegment(path)
	}
	return console + section + "?project=" + project
}

// CertificateLink is the console's page of a certificate of Compute; of one of
// Certificate Manager, the page that lists them.
func CertificateLink(project, name string, manager bool) string {
	if manager {
		return console + "/security/ccm/list/lbCertificates?project=" + project
	}
	return console + "/net-services/loadbalancing/advanced/sslCertificates/details/" + name + "?project=" + project
}

func cutProject(path string) (project, rest string, ok bool) {
	const prefix = "projects/"
	if len(path) < len(prefix) || path[:len(prefix)] != prefix {
		return "", path, false
	}
	for i := len(prefix); i < len(path); i++ {
		if path[i] == '/' {
			return path[len(prefix):i], path[i+1:], true
		}
	}
	return path[len(prefix):], "", true
}

// LogsLink is Logs Explorer with a query and the window around a moment.
func LogsLink(project, query string, at time.Time, window time.Duration) string {
	from, to := at.Add(-window).UTC().Format(time.RFC3339), at.Add(window).UTC().Format(time.RFC3339)
	return console + "/logs/query;query=" + url.PathEscape(query) + ";startTime=" + from + ";endTime=" + to + "?project=" + project
}

// EntryLink is Logs Explorer at one entry.
func EntryLink(project, insertID string, at time.Time) string {
	return LogsLink(project, `insertId="`+insertID+`"`, at, time.Minute)
}
