package kubetest_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/container/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"plumbline/internal/collect/kube"
	"plumbline/internal/kubetest"
	"plumbline/internal/scenario"
	"plumbline/testdata"
)

const (
	clusterName = "projects/" + project + "/locations/europe-west1/clusters/main"
	// stranger is known to the cluster and bound to no role.
	stranger = "nobody@" + project + ".iam.gserviceaccount.com"
)

// A cluster is the world external-neg in a real API server.
type cluster struct {
	scenario *scenario.Scenario
	world    *container.Cluster
	server   *kubetest.Server
	admin    *kubetest.Client
	reader   *kubetest.Client
	objects  []*unstructured.Unstructured
}

// TestIntegrationTheCollectorAsItsServiceAccount: with deploy/kubernetes/rbac.yaml a
// real API server lets the collector read all it needs, and nothing else. The order
// counts: each step adds to the cluster.
func TestIntegrationTheCollectorAsItsServiceAccount(t *testing.T) {
	c := startCluster(t)
	c.grant(t, "rbac.yaml", "/api/v1/pods?limit=1")
	t.Run("a custom resource without its CRD is absent", c.customResourcesAreAbsent)
	c.load(t, manifestFile(t, "testdata/crds.yaml"))
	c.load(t, manifestFile(t, "testdata/crds-mesh.yaml"))
	_, custom := apart(c.scenario.World.Kubernetes["main"])
	c.load(t, custom)
	c.load(t, manifestFile(t, "testdata/objects.yaml"))
	t.Run("every read finds what the cluster holds", c.readsFind)
	t.Run("without a role every read is a gap", c.readsOfAStrangerAreGaps)
	t.Run("the way in by address finds the same", c.readsByAddress)
	t.Run("all is healthy, and there are no gaps", c.diagnosesAreHealthy)
	t.Run("without a role nothing is claimed", c.diagnosesOfAStrangerNameTheGaps)
	t.Run("no Secret can be read", c.secretsAreForbidden)
	t.Run("only what is needed is allowed", func(t *testing.T) { c.onlyAllowed(t, reads) })
	t.Run("nothing can be written", c.writesAreForbidden)
	t.Run("nobody else can be played, nor the server looked into", c.othersAreForbidden)
	c.grant(t, "rbac-probe.yaml", "/api/v1/namespaces/shop/pods/of-nobody/proxy/")
	t.Run("the probe's role adds one verb", func(t *testing.T) { c.onlyAllowed(t, reads, probes) })
}

// startCluster starts a server with a world's objects. Its certificate is for both
// ways in that the world's cluster names.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	s, _, err := scenario.LoadFS(testdata.FS, "scenarios/healthy/external-neg.txtar", scenario.Options{Worlds: testdata.FS})
	if err != nil {
		t.Fatal(err)
	}
	world := s.World.Clusters[clusterName]
	if world == nil || len(s.World.Kubernetes["main"]) == 0 {
		t.Fatalf("the world has no %s, or nothing in it", clusterName)
	}
	c := &cluster{scenario: s, world: world}
	c.server = kubetest.Start(t, kubetest.Config{
		ServiceCIDR: world.ServicesIpv4Cidr,
		ClusterUID:  uidOf(t, s.World.Kubernetes["main"]),
		Hosts:       []string{world.ControlPlaneEndpointsConfig.DnsEndpointConfig.Endpoint, world.Endpoint},
		Users:       []string{reader, stranger},
	})
	c.admin = c.server.Admin()
	if c.reader, err = c.server.As(reader); err != nil {
		t.Fatal(err)
	}
	builtin, _ := apart(s.World.Kubernetes["main"])
	c.load(t, builtin)
	return c
}

// apart tells a world's custom resources from those that every server has. Its own
// CustomResourceDefinitions have no schemas: those of testdata/crds.yaml do.
func apart(objects []*unstructured.Unstructured) (builtin, custom []*unstructured.Unstructured) {
	for _, o := range objects {
		group := o.GroupVersionKind().Group
		switch {
		case o.GetKind() == "CustomResourceDefinition":
		case strings.HasSuffix(group, ".gke.io") || group == "cloud.google.com" || group == "gateway.networking.k8s.io":
			custom = append(custom, o)
		default:
			builtin = append(builtin, o)
		}
	}
	return builtin, custom
}

// uidOf is the UID of the namespace kube-system.
func uidOf(t *testing.T, objects []*unstructured.Unstructured) string {
	t.Helper()
	for _, o := range objects {
		if o.GetKind() == "Namespace" && o.GetName() == "kube-system" {
			return string(o.GetUID())
		}
	}
	t.Fatal("the world has no namespace kube-system")
	return ""
}

func (c *cluster) load(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	if err := c.admin.Load(t.Context(), objects); err != nil {
		t.Fatal(err)
	}
	c.objects = append(c.objects, objects...)
}

// grant loads a file of roles and waits until the authorizer knows it, some
// milliseconds later: until the reader is no longer forbidden this path.
func (c *cluster) grant(t *testing.T, file, path string) {
	t.Helper()
	if got := do(t.Context(), t, c.reader, kubetest.Request{Path: path}); got.status != http.StatusForbidden {
		t.Fatalf("%s before %s: %d %s, want it forbidden", path, file, got.status, got.body)
	}
	c.load(t, deployed(t, file))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for got := (answer{status: http.StatusForbidden}); got.status == http.StatusForbidden; {
		select {
		case <-ctx.Done():
			t.Fatalf("%s with %s: %s", path, file, got.body)
		case <-time.After(10 * time.Millisecond):
		}
		got = do(t.Context(), t, c.reader, kubetest.Request{Path: path})
	}
}

// collector is the real one, which comes in as a user and by an endpoint as
// clusters.get names it.
func (c *cluster) collector(t *testing.T, user string, at *container.Cluster) *kube.Cluster {
	t.Helper()
	connections := kube.New(c.way(user))
	t.Cleanup(connections.Close)
	opened, err := connections.Open(clusterName, at)
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// way is how a user gets in. The server's authority plays the public ones too, which
// sign the DNS endpoints.
func (c *cluster) way(user string) kube.Config {
	public := x509.NewCertPool()
	public.AppendCertsFromPEM(c.server.CA)
	return kube.Config{
		Token:       oauth2.StaticTokenSource(&oauth2.Token{AccessToken: c.server.Token(user)}),
		Dial:        c.server.Dial,
		PublicRoots: public,
	}
}

// byAddress is the world's cluster without its DNS endpoint: reached by its address,
// with its own authority.
func (c *cluster) byAddress() *container.Cluster {
	at := *c.world
	endpoints := *at.ControlPlaneEndpointsConfig
	endpoints.DnsEndpointConfig = nil
	at.ControlPlaneEndpointsConfig = &endpoints
	at.MasterAuth = &container.MasterAuth{ClusterCaCertificate: base64.StdEncoding.EncodeToString(c.server.CA)}
	return &at
}

// ofKind are the loaded objects of a kind, by namespace/name.
func (c *cluster) ofKind(kind string) map[string]*unstructured.Unstructured {
	found := map[string]*unstructured.Unstructured{}
	for _, o := range c.objects {
		if o.GetKind() == kind {
			found[key(o)] = o
		}
	}
	return found
}

// namespaces are those that objects were loaded into.
func (c *cluster) namespaces() []string {
	var names []string
	for _, o := range c.objects {
		if n := o.GetNamespace(); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// do sends a request and fails the test when there is no answer.
func do(ctx context.Context, t *testing.T, as *kubetest.Client, r kubetest.Request) answer {
	t.Helper()
	status, body, err := as.Do(ctx, r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.Path, err)
	}
	a := answer{status: status, body: string(body)}
	if status == http.StatusForbidden {
		var refusal struct{ Message string }
		if err := json.Unmarshal(body, &refusal); err == nil {
			a.message = refusal.Message
		}
	}
	return a
}

// An answer is what the API server says; message is that of a 403.
type answer struct {
	status        int
	body, message string
}
