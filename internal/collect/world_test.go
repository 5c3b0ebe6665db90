package collect_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/container/v1"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"plumbline/internal/collect"
	"plumbline/internal/collect/dns"
	"plumbline/internal/collect/kube"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/scenario"
)

const (
	mainCluster = "projects/shop-prod/locations/asia-northeast1/clusters/main"
	mainUID     = "1f4c0d6e-main"
	negA        = "projects/shop-prod/zones/asia-northeast1-a/networkEndpointGroups/k8s1-argocd"
	negB        = "projects/shop-prod/zones/asia-northeast1-b/networkEndpointGroups/k8s1-argocd"
	backend     = "projects/shop-prod/global/backendServices/k8s1-argocd"
	negID       = "6143528791234567890"
)

func now() time.Time { return time.Date(2021, 9, 28, 0, 36, 18, 0, time.UTC) }

func ingress() facts.Ref {
	return facts.Ref{Cluster: mainCluster, Kind: facts.KindIngress, Namespace: "argocd", Name: "argocd"}
}

func neg() facts.Ref {
	return facts.Ref{Project: "shop-prod", Scope: "zones/asia-northeast1-a", Kind: facts.KindNEG, ID: negID}
}

// world has one cluster whose Ingress argocd is served by two groups.
func world(t *testing.T) *scenario.World {
	t.Helper()
	w := &scenario.World{
		Project:    "shop-prod",
		Clusters:   map[string]*container.Cluster{mainCluster: cluster("main", "192.0.2.10")},
		Kubernetes: map[string][]*unstructured.Unstructured{"main": objects(t, mainUID)},
		Compute: map[string]json.RawMessage{
			backend: json.RawMessage(`{"id":"11","name":"k8s1-argocd","backends":[{"group":"` + negA + `"},{"group":"` + negB + `"}],
				"healthChecks":["projects/shop-prod/global/healthChecks/k8s1-argocd"]}`),
			negA: json.RawMessage(`{"id":"` + negID + `","name":"k8s1-argocd","size":1,"network":"projects/shop-prod/global/networks/default",
				"description":"{\"cluster-uid\":\"` + mainUID + `\",\"namespace\":\"argocd\",\"service-name\":\"argocd-server\",\"port\":\"80\"}"}`),
			negB: json.RawMessage(`{"id":"22","name":"k8s1-argocd","size":0,"network":"projects/shop-prod/global/networks/default"}`),
			"projects/shop-prod/global/healthChecks/k8s1-argocd": json.RawMessage(`{"id":"31","name":"k8s1-argocd","type":"HTTP"}`),
			"projects/shop-prod/global/firewalls/k8s-fw-l7":      json.RawMessage(`{"id":"41","name":"k8s-fw-l7","network":"projects/shop-prod/global/networks/default"}`),
			"projects/shop-prod/global/networks/default":         json.RawMessage(`{"id":"51","name":"default"}`),
		},
		Health: map[string]map[string]json.RawMessage{backend: {
			facts.ScopePath(negA): json.RawMessage(`[{"healthState":"UNHEALTHY","ipAddress":"10.8.0.7","port":8080}]`),
		}},
		Endpoints: map[string]json.RawMessage{
			negA: json.RawMessage(`[{"networkEndpoint":{"ipAddress":"10.8.0.7","port":8080},"healths":[{"healthState":"UNHEALTHY"}]}]`),
		},
		Logs: []json.RawMessage{
			json.RawMessage(`{"insertId":"in","logName":"projects/shop-prod/logs/events","timestamp":"2021-09-27T23:00:00Z","severity":"INFO","resource":{"type":"k8s_pod"},"jsonPayload":{"reason":"LoadBalancerNegTimeout"}}`),
			json.RawMessage(`{"insertId":"old","logName":"projects/shop-prod/logs/events","timestamp":"2021-08-26T23:00:00Z","severity":"INFO","resource":{"type":"k8s_pod"},"jsonPayload":{"reason":"LoadBalancerNegTimeout"}}`),
		},
	}
	for path, body := range w.Compute {
		w.Compute[path] = placed(t, path, body)
	}
	return w
}

// placed fills in what the path says, as the scenario loader does.
func placed(t *testing.T, path string, body json.RawMessage) json.RawMessage {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatal(err)
	}
	fields["selfLink"] = "https://www.googleapis.com/compute/v1/" + path
	if zone, ok := strings.CutPrefix(facts.ScopePath(path), "zones/"); ok {
		fields["zone"] = "https://www.googleapis.com/compute/v1/projects/shop-prod/zones/" + zone[:strings.Index(zone, "/")]
	}
	filled, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return filled
}

func cluster(name, endpoint string) *container.Cluster {
	return &container.Cluster{
		Name: name, Location: "asia-northeast1", Locations: []string{"asia-northeast1-a", "asia-northeast1-b"},
		Status: "RUNNING", Endpoint: endpoint, Network: "default",
		NetworkConfig: &container.NetworkConfig{Network: "projects/shop-prod/global/networks/default"},
	}
}

func objects(t *testing.T, uid string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for _, text := range []string{
		`{apiVersion: v1, kind: Namespace, metadata: {name: kube-system, uid: ` + uid + `}}`,
		`{apiVersion: v1, kind: Namespace, metadata: {name: argocd, uid: a}}`,
		`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: argocd, namespace: argocd}, spec: {defaultBackend: {service: {name: argocd-server, port: {number: 80}}}}}`,
		`{apiVersion: v1, kind: Service, metadata: {name: argocd-server, namespace: argocd}, spec: {type: ClusterIP, ports: [{port: 80}]}}`,
		`{apiVersion: v1, kind: Service, metadata: {name: other, namespace: shop}, spec: {ports: [{port: 80}]}}`,
		`{apiVersion: v1, kind: Pod, metadata: {name: argocd-server-0, namespace: argocd}, spec: {containers: [{name: server, env: [{name: REDIS_PASSWORD, value: hunter2}]}]}, status: {podIP: 10.8.0.7}}`,
		`{apiVersion: v1, kind: Event, metadata: {name: e, namespace: argocd}, involvedObject: {kind: Pod, name: argocd-server-0, namespace: argocd}, reason: LoadBalancerNegTimeout, type: Normal}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: argocd-cmd-params-cm, namespace: argocd}, data: {server.insecure: "false"}}`,
	} {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	return out
}

// collector reads a fake cloud with the vendors' clients.
func collector(t *testing.T, cloud *fakecloud.Cloud) *collect.Collector {
	t.Helper()
	return collectorAt(t, cloud, now)
}

func collectorAt(t *testing.T, cloud *fakecloud.Cloud, clock func() time.Time) *collect.Collector {
	t.Helper()
	rest := []option.ClientOption{option.WithEndpoint(cloud.HTTP()), option.WithoutAuthentication()}
	c, err := collect.New(t.Context(), collect.Config{
		Compute: rest, Container: rest, CertificateManager: rest,
		Logging: []option.ClientOption{
			option.WithEndpoint(cloud.Logging()), option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		},
		Kubernetes: kube.Config{
			Token: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "ya29.shop"}), Dial: cloud.DialContext, PublicRoots: cloud.RootCAs(),
		},
		DNS:     dns.Config{Server: cloud.DNS()},
		Planner: planner{}, Now: clock,
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func start(t *testing.T, w *scenario.World, o fakecloud.Options) *fakecloud.Cloud {
	t.Helper()
	cloud, err := fakecloud.Start(w, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Close)
	return cloud
}

// planner plans for this one world: everything leads to the Ingress argocd.
type planner struct{}

// Wish wants, as a real planner does, what is read in each round.
func (planner) Wish(s *facts.Snapshot, refs []facts.Ref) facts.Wish {
	var w facts.Wish
	w.Want(facts.BackendServices, facts.HealthChecks, facts.NEGs, facts.InstanceGroups, facts.ForwardingRules)
	if !s.Cluster.Known() {
		return w
	}
	w.Want(facts.Network, facts.Firewalls, facts.NetworkFirewall, facts.RegionFirewall, facts.Instances, facts.Operations)
	w.Want(facts.Ingresses, facts.IngressClasses, facts.Services, facts.Pods, facts.Events, facts.Namespaces)
	w.Needs = append(w.Needs, facts.Gateways, facts.ServiceNEGs)
	for _, r := range refs {
		switch {
		case r.Kind == facts.KindCluster:
			w.EveryNamespace = true
		case r.Namespace == "":
			w.Namespaces = append(w.Namespaces, "argocd")
		default:
			w.Namespaces = append(w.Namespaces, r.Namespace)
		}
	}
	if len(s.Targets) > 0 {
		w.Groups = groups(s)
		w.ConfigMaps = []string{"argocd/argocd-cmd-params-cm"}
	}
	return w
}

func (planner) Resolve(s *facts.Snapshot, refs []facts.Ref) []facts.Target {
	var out []facts.Target
	for _, r := range refs {
		t := facts.Target{Asked: r, Reason: "no Ingress here", Sure: s.Ingresses.Known()}
		if r.Kind == facts.KindCluster {
			t = facts.Target{Asked: r, Ref: r}
		} else if ingresses, _ := s.Ingresses.Get(); len(ingresses) > 0 {
			t = facts.Target{Asked: r, Ref: refOf(s, ingresses[0])}
		}
		out = append(out, t)
	}
	return out
}

func refOf(s *facts.Snapshot, i *networkingv1.Ingress) facts.Ref {
	return facts.Ref{Cluster: s.ClusterName, Kind: facts.KindIngress, Namespace: i.Namespace, Name: i.Name}
}

func groups(s *facts.Snapshot) []facts.BackendGroup {
	var out []facts.BackendGroup
	services, _ := s.BackendServices.Get()
	for _, b := range services {
		for _, g := range b.GetBackends() {
			out = append(out, facts.BackendGroup{BackendService: facts.RelativePath(b.GetSelfLink()), Group: facts.RelativePath(g.GetGroup())})
		}
	}
	return out
}

func (planner) LogFilter(*facts.Snapshot) string { return `resource.type="k8s_pod"` }
