package history_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"plumbline/internal/facts"
	"plumbline/internal/history"
	"plumbline/internal/signal"
)

const (
	project = "acme-prod"
	cluster = "projects/acme-prod/locations/us-central1/clusters/web"
	dana    = "dana@acme.example"
	robot   = "service-123456789012@container-engine-robot.iam.gserviceaccount.com"
	argo    = "system:serviceaccount:argocd:argocd-application-controller"
	glbcSA  = "system:controller:glbc"
)

// failed is when things began to fail.
var failed = time.Date(2026, 11, 20, 14, 1, 0, 0, time.UTC)

// An op is one audit entry in few words.
type op struct {
	ago            time.Duration // before failed
	by, agent      string
	method, object string
	request        string
	response       string
	id             string // of the operation
	first, last    bool
	code           int
}

// parse composes a log entry of the form of gcp-facts.md §2 and reads it as the log
// query's.
func (o op) parse(t *testing.T, n int) signal.Signal {
	t.Helper()
	at := failed.Add(-o.ago)
	payload := map[string]any{
		"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "methodName": o.method, "resourceName": o.object,
		"requestMetadata": map[string]any{"callerSuppliedUserAgent": o.agent}, "status": map[string]any{},
	}
	if o.by != "" {
		payload["authenticationInfo"] = map[string]any{"principalEmail": o.by}
	}
	if o.code != 0 {
		payload["status"] = map[string]any{"code": o.code, "message": "no"}
	}
	if o.request != "" {
		payload["request"] = json.RawMessage(o.request)
	}
	if o.response != "" {
		payload["response"] = json.RawMessage(o.response)
	}
	resource := map[string]any{"type": "k8s_cluster", "labels": map[string]any{"cluster_name": "web", "location": "us-central1", "project_id": project}}
	payload["serviceName"] = "k8s.io"
	switch {
	case len(o.method) > 3 && o.method[:3] == "v1.":
		payload["serviceName"], resource = "compute.googleapis.com", map[string]any{"type": "gce_firewall_rule"}
	case len(o.method) > 7 && o.method[:7] == "google.":
		payload["serviceName"], resource["type"] = "container.googleapis.com", "gke_cluster"
	}
	entry := map[string]any{
		"insertId": fmt.Sprintf("e%d", n), "timestamp": at.Format(time.RFC3339Nano), "logName": "projects/acme-prod/logs/cloudaudit.googleapis.com%2Factivity",
		"protoPayload": payload, "resource": resource,
	}
	if o.id != "" {
		entry["operation"] = map[string]any{"id": o.id, "first": o.first, "last": o.last}
	}
	raw, err := json.Marshal(entry)
	if err != nil {
		t.Fatal(err)
	}
	s, err := signal.ParseHistory(raw)
	if err != nil {
		t.Fatalf("entry %d: %v", n, err)
	}
	return s
}

func changes(t *testing.T, ops ...op) []history.Change {
	t.Helper()
	entries := make([]signal.Signal, 0, len(ops))
	for i, o := range ops {
		entries = append(entries, o.parse(t, i))
	}
	return history.Of(entries)
}

func inCluster(kind, name string) facts.Ref {
	return facts.Ref{Cluster: cluster, Kind: kind, Namespace: "shop", Name: name}
}

func inProject(kind, name string) facts.Ref {
	return facts.Ref{Project: project, Scope: "global", Kind: kind, Name: name}
}

const (
	serviceName = "core/v1/namespaces/shop/services/web"
	service     = "io.k8s.core.v1.services."
	firewall    = "projects/acme-prod/global/firewalls/k8s-fw-l7--1a2b3c4d5e6f7a8b"
	check       = "projects/acme-prod/global/healthChecks/k8s1-1a2b3c4d-shop-web-80-5f6e7d8c"
)

// webService is a Service as the API server answers with it.
func webService(targetPort int, labels, annotations string) string {
	return fmt.Sprintf(`{"@type":"core.k8s.io/v1.Service","apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop","labels":{%s},"annotations":{%s},"resourceVersion":"%d"},"spec":{"type":"ClusterIP","selector":{"app":"web"},"ports":[{"name":"http","port":80,"protocol":"TCP","targetPort":%d}]},"status":{"loadBalancer":{}}}`,
		labels, annotations, targetPort, targetPort)
}

// told is a Change in one line a field.
func told(list []history.Change) []string {
	var lines []string
	for _, c := range list {
		head := fmt.Sprintf("%s %s", c.By, c.Object)
		switch {
		case c.Created:
			lines = append(lines, head+" created")
		case c.Deleted:
			lines = append(lines, head+" deleted")
		case c.Untold:
			lines = append(lines, head+" untold")
		}
		for _, f := range c.Fields {
			lines = append(lines, fmt.Sprintf("%s %s: %s → %s", head, f.Path, word(f.From, "?"), word(f.To, map[bool]string{true: "removed", false: "?"}[f.Removed])))
		}
	}
	return lines
}

func word(v *string, otherwise string) string {
	if v == nil {
		return otherwise
	}
	return *v
}
