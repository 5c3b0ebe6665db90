package kube_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/container/v1"

	"plumbline/internal/collect/kube"
	"plumbline/internal/meter"
)

const clusterName = "projects/shop-prod/locations/asia-northeast1/clusters/main"

func TestTokenIsSentAndTheClusterCAVerified(t *testing.T) {
	var authorization atomic.Value
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		authorization.Store(r.Header.Get("Authorization"))
		answer(w, `{"kind":"IngressList","apiVersion":"networking.k8s.io/v1","items":[]}`)
	})
	token := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "ya29.shop"})
	_, cluster := open(t, kube.Config{Dial: server.dial, Token: token}, server.pinned())
	if v := cluster.Ingresses(t.Context()); !v.Known() {
		t.Fatal(v.Err())
	}
	if got := authorization.Load(); got != "Bearer ya29.shop" {
		t.Errorf("Authorization = %q", got)
	}
	if got := server.dialled.Load(); got != "127.0.0.1:443" {
		t.Errorf("dialled %v", got)
	}

	stranger := server.pinned()
	stranger.Endpoint = "example.net" // no name of the certificate
	_, cluster = open(t, kube.Config{Dial: server.dial}, stranger)
	wantGap(t, cluster.Ingresses(t.Context()).Err(), "kubernetes/main", "certificate not trusted")
}

func TestDNSEndpointUsesPublicRootsOnly(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, `{"kind":"PodList","apiVersion":"v1","items":[]}`)
	})
	cluster := server.pinned()
	cluster.Endpoint = "192.0.2.10"
	cluster.ControlPlaneEndpointsConfig = &container.ControlPlaneEndpointsConfig{
		DnsEndpointConfig: &container.DNSEndpointConfig{Endpoint: "example.com", AllowExternalTraffic: true},
	}
	public := x509.NewCertPool()
	public.AddCert(server.Certificate())
	_, trusted := open(t, kube.Config{Dial: server.dial, PublicRoots: public}, cluster)
	if v := trusted.Pods(t.Context(), "shop"); !v.Known() {
		t.Fatal(v.Err())
	}
	if got := server.dialled.Load(); got != "example.com:443" {
		t.Errorf("dialled %v", got)
	}
	// The cluster's own CA does not vouch for its DNS name.
	_, untrusted := open(t, kube.Config{Dial: server.dial, PublicRoots: x509.NewCertPool()}, cluster)
	wantGap(t, untrusted.Pods(t.Context(), "shop").Err(), "kubernetes/main", "certificate not trusted")
}

func TestListFollowsPages(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.URL.Path != "/api/v1/namespaces/shop/services" || q.Get("limit") != "500" {
			t.Errorf("asked %s", r.URL)
		}
		page, _ := strconv.Atoi(q.Get("continue"))
		next := ""
		if page < 2 {
			next = strconv.Itoa(page + 1)
		}
		answer(w, fmt.Sprintf(`{"kind":"ServiceList","apiVersion":"v1","metadata":{"continue":%q},"items":[
			{"metadata":{"namespace":"shop","name":"web-%d"},"spec":{"type":"NodePort","ports":[{"port":80,"targetPort":"http"}]}}]}`, next, page))
	})
	var count meter.Meter
	services, ok := server.open(t).Services(meter.Chain(meter.With(t.Context(), &count)), "shop").Get()
	if !ok || len(services) != 3 || services[2].Name != "web-2" || services[0].Spec.Ports[0].TargetPort.StrVal != "http" {
		t.Fatalf("services = %v, %v", services, ok)
	}
	if count.Calls() != 3 || count.Rounds() != 3 {
		t.Errorf("calls, rounds = %d, %d, want 3, 3", count.Calls(), count.Rounds())
	}
}

func TestNothingIsSentTwice(t *testing.T) {
	var sent atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		if r.URL.Path == "/api/v1/pods" {
			panic(http.ErrAbortHandler) // the connection breaks
		}
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable")
	})
	cluster := server.open(t)
	wantGap(t, cluster.Pods(t.Context(), "").Err(), "kubernetes/main", "connection closed by the server")
	if got := sent.Swap(0); got != 1 {
		t.Errorf("a broken connection: %d requests, want 1", got)
	}
	wantGap(t, cluster.Services(t.Context(), "").Err(), "container.services.list", "503 UNAVAILABLE")
	if got := sent.Load(); got != 1 {
		t.Errorf("an answer with Retry-After: %d requests, want 1", got)
	}
}

func TestRefusalsAndAbsence(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/apis/gateway.networking.k8s.io/v1/gateways", "/api/v1/namespaces/argocd/configmaps/gone":
			refuse(w, http.StatusNotFound, "NotFound")
		case "/api/v1/namespaces/argocd/configmaps/argocd-cmd-params-cm":
			answer(w, `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"argocd-cmd-params-cm"},"data":{"server.insecure":"true"}}`)
		case "/api/v1/events":
			refuse(w, http.StatusUnauthorized, "Unauthorized")
		case "/api/v1/namespaces":
			if got := r.URL.Query().Get("fieldSelector"); got != "metadata.name=kube-system" {
				t.Errorf("fieldSelector = %q", got)
			}
			answer(w, `{"kind":"NamespaceList","apiVersion":"v1","items":[{"metadata":{"name":"kube-system","uid":"5f0c-uid"}}]}`)
		default:
			refuse(w, http.StatusForbidden, "Forbidden")
		}
	})
	cluster, ctx := server.open(t), t.Context()
	wantGap(t, cluster.Ingresses(ctx).Err(), "container.ingresses.list", "403 PERMISSION_DENIED")
	wantGap(t, cluster.Pods(ctx, "shop").Err(), "container.pods.list", "403 PERMISSION_DENIED")
	wantGap(t, cluster.ConfigMap(ctx, "argocd/other").Err(), "container.configMaps.list", "403 PERMISSION_DENIED")
	wantGap(t, cluster.Events(ctx, "").Err(), "kubernetes/main", "401 UNAUTHENTICATED")
	if v := cluster.Gateways(ctx); !v.IsAbsent() {
		t.Errorf("gateways without their CRD: %v, want absent", v.Err())
	}
	if v := cluster.ConfigMap(ctx, "argocd/gone"); !v.IsAbsent() {
		t.Errorf("a missing ConfigMap: %v, want absent", v.Err())
	}
	if cm, _ := cluster.ConfigMap(ctx, "argocd/argocd-cmd-params-cm").Get(); cm == nil || cm.Data["server.insecure"] != "true" {
		t.Errorf("ConfigMap = %v", cm)
	}
	if uid, _ := cluster.UID(ctx).Get(); uid != "5f0c-uid" {
		t.Errorf("UID = %q", uid)
	}
}

func TestGatewaysFields(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, `{"kind":"GatewayList","apiVersion":"gateway.networking.k8s.io/v1","items":[{"metadata":{"namespace":"shop","name":"edge"},
			"spec":{"gatewayClassName":"gke-l7-global-external-managed"},"status":{"addresses":[{"type":"IPAddress","value":"203.0.113.7"}]}}]}`)
	})
	got, ok := server.open(t).Gateways(t.Context()).Get()
	if !ok || len(got) != 1 {
		t.Fatalf("gateways = %v, %v", got, ok)
	}
	g := got[0]
	if g.Namespace != "shop" || g.Name != "edge" || g.Spec.GatewayClassName != "gke-l7-global-external-managed" || g.Status.Addresses[0].Value != "203.0.113.7" {
		t.Errorf("gateway = %+v", g)
	}
}

func TestOutOfReach(t *testing.T) {
	server := serve(t, nil)
	for status, dial := range map[string]error{
		"connection refused": &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
		"timeout":            &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded},
	} {
		_, cluster := open(t, kube.Config{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, dial }}, server.pinned())
		wantGap(t, cluster.Ingresses(t.Context()).Err(), "kubernetes/main", status)
	}
	noToken := kube.Config{Dial: server.dial, Token: failing{}}
	_, cluster := open(t, noToken, server.pinned())
	wantGap(t, cluster.Ingresses(t.Context()).Err(), "kubernetes/main", "no access token")
}

type failing struct{}

func (failing) Token() (*oauth2.Token, error) { return nil, errors.New("metadata server is gone") }

func TestWhatIsSlowIsToBlame(t *testing.T) {
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	wantGap(t, server.open(t).Events(soon(), "").Err(), "container.events.list", "timeout")

	over := make(chan struct{})
	defer close(over)
	_, unreached := open(t, kube.Config{Dial: func(context.Context, string, string) (net.Conn, error) {
		<-over
		return nil, net.ErrClosed
	}}, server.pinned())
	wantGap(t, unreached.Events(soon(), "").Err(), "kubernetes/main", "timeout")
}

func TestConnectionsAreKeptPerEndpoint(t *testing.T) {
	server := serve(t, nil)
	connections, first := open(t, kube.Config{Dial: server.dial}, server.pinned())
	if _, ok := connections.Access("projects/p/locations/l/clusters/other"); ok {
		t.Error("access to a cluster that was never opened")
	}
	again, err := connections.Open(clusterName, server.pinned())
	if err != nil || again != first {
		t.Errorf("opened again: %p, %v, want %p", again, err, first)
	}
	moved := server.pinned()
	moved.Endpoint = "192.0.2.77"
	other, err := connections.Open(clusterName, moved)
	if err != nil || other == first {
		t.Errorf("the endpoint moved and the client stayed (%v)", err)
	}
	if access, ok := connections.Access(clusterName); !ok || access.Base.String() != "https://192.0.2.77" {
		t.Errorf("access = %+v, %v", access, ok)
	}
	broken := server.pinned()
	broken.MasterAuth.ClusterCaCertificate = base64.StdEncoding.EncodeToString([]byte("not PEM"))
	_, err = connections.Open("projects/p/locations/l/clusters/broken", broken)
	wantGap(t, err, "kubernetes/broken", "the cluster's CA certificate is not PEM")
}
