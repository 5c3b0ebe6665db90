package knownapp

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// A Health is what is known of how an app answers health checks (apps.md). It words a
// fix and decides nothing.
type Health struct {
	// App is the name that people use.
	App string
	// Path answers 200 without a login; empty where none does.
	Path string
	// Port is the container port of Path; 0 for the one that serves.
	Port int32
	// Otherwise answers 200 where Path doesn't, in some versions.
	Otherwise string
	// Advice is what else to know.
	Advice string
}

// healths are by a word of the image's name or of the label app.kubernetes.io/name
// (apps.md).
var healths = []struct {
	word string
	Health
}{
	{"grafana", Health{App: "Grafana", Path: "/api/health"}},
	{"prometheus", Health{App: "Prometheus", Path: "/-/healthy", Advice: "under its route prefix, where it has one"}},
	{"keycloak", Health{App: "Keycloak", Path: "/health/ready", Port: 9000, Advice: "its management port, over HTTPS where TLS is set; or /realms/master on the serving port"}},
	{"vault", Health{App: "Vault", Path: "/v1/sys/health?standbyok=true"}},
	{"consul", Health{App: "Consul", Path: "/ui/"}},
	{"jenkins", Health{App: "Jenkins", Path: "/login"}},
	{"airflow", Health{App: "Airflow", Path: "/health", Advice: "under its base path, where it has one"}},
	{"superset", Health{App: "Superset", Path: "/health"}},
	{"configurable-http-proxy", Health{App: "JupyterHub", Path: "/hub/login"}},
	{"kibana", Health{App: "Kibana", Path: "/login"}},
	{"elasticsearch", Health{App: "Elasticsearch", Path: "/_cluster/health", Advice: "once an anonymous user with a monitoring role is allowed: with security on, every path answers 401"}},
	{"opensearch", Health{App: "OpenSearch", Path: "/_cluster/health", Advice: "once anonymous authentication is allowed: with the security plugin on, every path answers 401"}},
	{"kong", Health{App: "Kong", Path: "/status", Port: 8100, Advice: "its status listener must be on"}},
	{"traefik", Health{App: "Traefik", Path: "/ping", Advice: "on the entry point that its ping is set to"}},
	{"oauth2-proxy", Health{App: "oauth2-proxy", Path: "/ping"}},
	{"rancher", Health{App: "Rancher", Path: "/healthz"}},
	{"chartmuseum", Health{App: "ChartMuseum", Path: "/health"}},
	{"loki", Health{App: "Loki", Path: "/ready", Otherwise: "/metrics"}},
	{"tempo", Health{App: "Tempo", Path: "/ready", Port: 3100}},
	{"influxdb", Health{App: "InfluxDB", Path: "/ping?verbose=true", Advice: "/ping alone answers 204"}},
	{"posthog", Health{App: "PostHog", Path: "/_health"}},
	{"goldilocks", Health{App: "Goldilocks", Path: "/health"}},
	{"xray", Health{App: "JFrog Xray", Path: "/api/v1/system/ping"}},
	{"emissary", Health{App: "Emissary", Path: "/ambassador/v0/check_ready", Port: 8877}},
	{"hydra", Health{App: "Ory Hydra", Path: "/health/ready"}},
}

// HealthOf recognises the app in the container that declares a port, else in any
// container of the pod.
func HealthOf(pod *corev1.Pod, port int32) (Health, bool) {
	name := func(image string) string {
		image, _, _ = strings.Cut(image, "@")
		image = image[strings.LastIndex(image, "/")+1:]
		image, _, _ = strings.Cut(image, ":")
		return image
	}
	names := []string{pod.Labels["app.kubernetes.io/name"]}
	for _, c := range pod.Spec.Containers {
		serves := false
		for _, p := range c.Ports {
			serves = serves || p.ContainerPort == port
		}
		if serves {
			names = append([]string{name(c.Image)}, names...)
		}
	}
	for _, n := range names {
		for _, h := range healths {
			if n == h.word || strings.HasSuffix(n, "-"+h.word) {
				return h.Health, true
			}
		}
	}
	return Health{}, false
}
