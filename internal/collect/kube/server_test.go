package kube_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"google.golang.org/api/container/v1"

	"plumbline/internal/collect/kube"
	"plumbline/internal/facts"
)

// An apiServer plays a control plane on loopback.
type apiServer struct {
	*httptest.Server
	dialled atomic.Value // the address that was last asked for
}

func serve(tb testing.TB, h http.HandlerFunc) *apiServer {
	tb.Helper()
	s := &apiServer{Server: httptest.NewUnstartedServer(h)}
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // refused handshakes are expected
	s.StartTLS()
	tb.Cleanup(s.Close)
	return s
}

func (s *apiServer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	s.dialled.Store(addr)
	return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
}

// ca is the server's certificate as clusters.get returns it.
func (s *apiServer) ca() string {
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func (s *apiServer) pinned() *container.Cluster {
	return &container.Cluster{Name: "main", Endpoint: "127.0.0.1", MasterAuth: &container.MasterAuth{ClusterCaCertificate: s.ca()}}
}

func open(tb testing.TB, c kube.Config, cluster *container.Cluster) (*kube.Connections, *kube.Cluster) {
	tb.Helper()
	connections := kube.New(c)
	tb.Cleanup(connections.Close)
	opened, err := connections.Open(clusterName, cluster)
	if err != nil {
		tb.Fatal(err)
	}
	return connections, opened
}

func (s *apiServer) open(tb testing.TB) *kube.Cluster {
	tb.Helper()
	_, c := open(tb, kube.Config{Dial: s.dial}, s.pinned())
	return c
}

func answer(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

func refuse(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":"no"}`, reason, code)
}

func wantGap(t *testing.T, err error, needs, status string) {
	t.Helper()
	var failed *facts.Error
	if !errors.As(err, &failed) {
		t.Fatalf("error = %v, want a *facts.Error", err)
	}
	if failed.Needs != needs || failed.Status != status {
		t.Errorf("gap = %s: %s, want %s: %s", failed.Needs, failed.Status, needs, status)
	}
}

// unwrapped is the error that a *facts.Error carries.
func unwrapped(t *testing.T, err error) string {
	t.Helper()
	var failed *facts.Error
	if !errors.As(err, &failed) || failed.Err == nil {
		t.Fatalf("error = %v, want a *facts.Error that wraps another", err)
	}
	return failed.Err.Error()
}
