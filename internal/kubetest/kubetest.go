// Package kubetest starts a real control plane for tests: etcd and kube-apiserver
// on loopback, RBAC on, with an authority and keys of their own. Both are built
// from the module in server/, once, and kept in the user's cache (Build).
//
// There are no controllers and no nodes: what a test loads stays as it is. Pods
// need no service account. Nothing listens beyond 127.0.0.1, and both processes
// end with the test, however it ends.
package kubetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startTimeout is how long etcd and kube-apiserver may take until they are ready;
// alone on a machine it is a few seconds.
const startTimeout = 3 * time.Minute

// Integration is the environment variable that turns what is missing from a reason
// to skip a test into a failure; .ci/run sets it to 1.
const Integration = "PLUMBLINE_INTEGRATION"

// Config says what a Server has to know before it starts.
type Config struct {
	// ServiceCIDR is where ClusterIPs may lie, as 10.92.0.0/20; empty means
	// Kubernetes's own default.
	ServiceCIDR string
	// ClusterUID becomes the UID of the namespace kube-system, by which GKE's
	// controllers tell clusters apart (ingress-controller.md §6); empty means any.
	ClusterUID string
	// Hosts are names and IP addresses that the server's certificate is for,
	// besides 127.0.0.1.
	Hosts []string
	// Users can log in by a token each. They are in no group but
	// system:authenticated, as on GKE a Google service account is.
	Users []string
}

// A Server is a running control plane.
type Server struct {
	// Address is where the API server listens: 127.0.0.1:PORT.
	Address string
	// CA is the certificate of the authority that signed the server's, as PEM.
	CA []byte

	authority *authority
	tokens    map[string]string
	clients   []*http.Client
}

// Start starts a Server and ends it with the test. Where the binaries are missing
// it skips the test, or fails it when the environment says Integration; it skips short
// tests too. What doesn't start shows the end of its log.
func Start(tb testing.TB, c Config) *Server {
	tb.Helper()
	if testing.Short() {
		tb.Skip("starts an API server")
	}
	binaries, err := Find(tb.Context())
	switch {
	case err == nil:
	case os.Getenv(Integration) == "1":
		tb.Fatalf("no API server: %v", err)
	default:
		tb.Skipf("no API server: %v", err)
	}
	ctx, cancel := context.WithTimeout(tb.Context(), startTimeout)
	defer cancel()
	s, err := c.start(ctx, tb.TempDir(), binaries, tb.Cleanup)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// start keeps everything in dir, and hands what ends it to atEnd as soon as there
// is something to end.
func (c Config) start(ctx context.Context, dir string, b Binaries, atEnd func(func())) (*Server, error) {
	authority, err := newAuthority()
	if err != nil {
		return nil, err
	}
	s := &Server{CA: authority.pem(), authority: authority, tokens: map[string]string{}}
	files, err := c.write(s, dir)
	if err != nil {
		return nil, err
	}
	admin, err := s.client(files.admin)
	if err != nil {
		return nil, err
	}
	atEnd(s.closeIdle)
	etcd, err := launch(ctx, dir, b.Etcd, etcdArguments(dir, files), readiness(admin, "/health"), atEnd)
	if err != nil {
		return nil, err
	}
	if c.ClusterUID != "" {
		if err = seed(ctx, &Client{http: admin, base: "https://" + etcd}, c.ClusterUID); err != nil {
			return nil, err
		}
	}
	s.Address, err = launch(ctx, dir, b.APIServer, c.serverArguments(dir, files, etcd), readiness(admin, "/readyz"), atEnd)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// files are the paths of what the processes read.
type files struct {
	ca, serving, servingKey, accounts, tokens string
	// admin is the client certificate of the group system:masters, which may
	// everything.
	admin pair
}

func (c Config) write(s *Server, dir string) (files, error) {
	f := files{
		ca: filepath.Join(dir, "ca.pem"), serving: filepath.Join(dir, "serving.pem"), servingKey: filepath.Join(dir, "serving-key.pem"),
		accounts: filepath.Join(dir, "accounts-key.pem"), tokens: filepath.Join(dir, "tokens.csv"),
	}
	serving, err := s.authority.issue("kube-apiserver", nil, append([]string{"127.0.0.1"}, c.Hosts...))
	if err != nil {
		return files{}, err
	}
	if f.admin, err = s.authority.issue("admin", []string{"system:masters"}, nil); err != nil {
		return files{}, err
	}
	accounts, err := newKey()
	if err != nil {
		return files{}, err
	}
	var tokens strings.Builder
	for i, user := range c.Users {
		if s.tokens[user], err = newToken(); err != nil {
			return files{}, err
		}
		fmt.Fprintf(&tokens, "%s,%q,%d\n", s.tokens[user], user, i+1)
	}
	for name, content := range map[string][]byte{
		f.ca: s.CA, f.serving: serving.cert, f.servingKey: serving.key, f.accounts: accounts.pem, f.tokens: []byte(tokens.String()),
	} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return files{}, fmt.Errorf("preparing the API server: %w", err)
		}
	}
	return f, nil
}

// etcdArguments is the command line of etcd for an address. It writes without
// waiting for the disk: the data end with the test.
func etcdArguments(dir string, f files) func(address string) []string {
	return func(address string) []string {
		return []string{
			"--data-dir=" + filepath.Join(dir, "etcd-"+portOf(address)),
			"--listen-client-urls=https://" + address, "--advertise-client-urls=https://" + address,
			"--listen-peer-urls=http://127.0.0.1:0",
			"--cert-file=" + f.serving, "--key-file=" + f.servingKey, "--trusted-ca-file=" + f.ca, "--client-cert-auth",
			"--unsafe-no-fsync", "--log-level=warn",
		}
	}
}

// serverArguments is the command line of kube-apiserver for an address. The
// admission plugin ServiceAccount would refuse every pod, since no controller makes
// the service accounts; the endpoints of the Service kubernetes would be this
// machine's, which are none of a cluster's.
func (c Config) serverArguments(dir string, f files, etcd string) func(address string) []string {
	return func(address string) []string {
		arguments := []string{
			"--bind-address=127.0.0.1", "--secure-port=" + portOf(address),
			"--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none",
			"--cert-dir=" + dir, "--tls-cert-file=" + f.serving, "--tls-private-key-file=" + f.servingKey,
			"--client-ca-file=" + f.ca, "--token-auth-file=" + f.tokens, "--authorization-mode=RBAC",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + f.accounts, "--service-account-signing-key-file=" + f.accounts,
			"--disable-admission-plugins=ServiceAccount", "--allow-privileged",
			"--etcd-servers=https://" + etcd, "--etcd-cafile=" + f.ca, "--etcd-certfile=" + f.serving, "--etcd-keyfile=" + f.servingKey,
		}
		if c.ServiceCIDR != "" {
			arguments = append(arguments, "--service-cluster-ip-range="+c.ServiceCIDR)
		}
		return arguments
	}
}

// seed stores the namespace kube-system before an API server does, which would
// choose the UID itself. etcd takes JSON for its Put request and the API server for
// its objects.
func seed(ctx context.Context, etcd *Client, uid string) error {
	namespace, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"name": "kube-system", "uid": uid, "creationTimestamp": "2024-01-01T00:00:00Z"},
		"spec":     map[string]any{"finalizers": []string{"kubernetes"}},
		"status":   map[string]any{"phase": "Active"},
	})
	if err != nil {
		return fmt.Errorf("encoding the namespace kube-system: %w", err)
	}
	put := map[string][]byte{"key": []byte("/registry/namespaces/kube-system"), "value": namespace}
	var stored map[string]any
	if err := etcd.into(ctx, Request{Method: http.MethodPost, Path: "/v3/kv/put", Body: put}, &stored); err != nil {
		return fmt.Errorf("storing the namespace kube-system: %w", err)
	}
	return nil
}

// readiness asks whether a process says that it is ready. Only the one that has our
// certificate can say so, not another that took its port.
func readiness(admin *http.Client, path string) func(ctx context.Context, address string) error {
	return func(ctx context.Context, address string) error {
		status, body, err := (&Client{http: admin, base: "https://" + address}).Do(ctx, Request{Path: path})
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("%s answers %d: %s", path, status, body)
		}
		return err
	}
}

// Token is what a user of Config.Users logs in with; empty for anybody else.
func (s *Server) Token(user string) string { return s.tokens[user] }

// Dial connects to the API server, whatever address is asked for: so a client can
// use the address by which the outside knows the cluster.
func (s *Server) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, s.Address)
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func newToken() (string, error) {
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("making a token: %w", err)
	}
	return hex.EncodeToString(random), nil
}
