package signal_test

import (
	"errors"
	"strings"
	"testing"

	"plumbline/internal/signal"
)

// TestSize: an entry above Cloud Logging's own limit is refused by name; audit
// entries, which quote whole objects, may be larger.
func TestSize(t *testing.T) {
	padding := `"novel":"` + strings.Repeat("x", 300_000) + `",`
	health := `{` + padding + `"insertId":"big","timestamp":"2026-11-17T14:00:00Z","logName":"projects/acme-prod/logs/compute.googleapis.com%2Fhealthchecks",` +
		`"resource":{"type":"gce_network_endpoint_group","labels":{"network_endpoint_group_id":"1","zone":"us-east1-b","project_id":"acme-prod"}},` +
		`"jsonPayload":{"healthCheckProbeResult":{"healthState":"UNHEALTHY","previousHealthState":"HEALTHY"}}}`
	_, err := signal.Parse([]byte(health))
	broken, ok := errors.AsType[*signal.UnparsableError](err)
	if !ok || broken.InsertID != "big" || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("300 kB of a health-check entry: %v", err)
	}
	audit := `{` + padding + `"insertId":"big","timestamp":"2026-11-17T14:00:00Z","logName":"projects/acme-prod/logs/cloudaudit.googleapis.com%2Factivity",` +
		`"resource":{"type":"k8s_cluster","labels":{"cluster_name":"web","location":"us-east1","project_id":"acme-prod"}},` +
		`"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"k8s.io","methodName":"io.k8s.networking.v1.ingresses.create",` +
		`"authenticationInfo":{"principalEmail":"dana@acme.example"},"resourceName":"networking.k8s.io/v1/namespaces/shop/ingresses/web"}}`
	if s, err := signal.Parse([]byte(audit)); err != nil || s.Target.Name != "web" {
		t.Errorf("300 kB of an audit entry: %v, %v", s.Target, err)
	}
}
