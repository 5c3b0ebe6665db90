package fakecloud

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/proxy"
)

// proxy answers GET …/pods/[SCHEME:]NAME[:PORT]/proxy/PATH with the API server's
// own handler in front of the pod that responses.yaml plays.
func (s *apiServer) proxy(w http.ResponseWriter, r *http.Request, st *state, q kubeRequest, pods *resource) {
	name, location, err := podLocation(pods, q)
	if err != nil {
		writeStatus(w, err)
		return
	}
	location.Path = utilnet.JoinPreservingTrailingSlash(location.Path, proxyPath(r.URL.Path, q.rest))
	scheme := location.Scheme
	if scheme == "" {
		scheme = "http"
	}
	asked := podQuestion{pod: q.namespace + "/" + name, scheme: scheme, path: location.Path, host: r.Host}
	transport := podTransport(func(ctx context.Context, network, addr string) (net.Conn, error) {
		return s.cloud.pods.dial(ctx, network, addr, asked, st.world.Responses)
	})
	defer transport.CloseIdleConnections()
	podProxy(location, transport).ServeHTTP(w, r)
}

// podProxy is the handler of the pods/proxy subresource with the options that
// kube-apiserver gives it: the transport is wrapped (X-Forwarded-*, Location),
// upgrades aren't required, and the request's Host goes on to the pod.
func podProxy(location *url.URL, transport http.RoundTripper) http.Handler {
	return proxy.NewUpgradeAwareHandler(location, transport, true, false, statusResponder{})
}

// podTransport is the transport of kube-apiserver's proxies, which doesn't verify
// the certificates of pods.
func podTransport(dial utilnet.DialFunc) *http.Transport {
	return utilnet.SetTransportDefaults(&http.Transport{
		Proxy:           func(*http.Request) (*url.URL, error) { return nil, nil },
		DialContext:     dial,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // as kube-apiserver has it: a pod's certificate names no IP address
	})
}

// podLocation finds where the request goes: the scheme of the prefix, the pod's
// first IP, and the port asked for or the first that a container declares.
func podLocation(pods *resource, q kubeRequest) (name string, location *url.URL, err error) {
	scheme, name, port, valid := utilnet.SplitSchemeNamePort(q.name)
	if !valid {
		return "", nil, apierrors.NewBadRequest("invalid pod request " + strconv.Quote(q.name))
	}
	pod := pods.get(q.namespace, name)
	if pod == nil {
		return "", nil, apierrors.NewNotFound(q.groupResource(), name)
	}
	if port == "" {
		port = firstPort(pod)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil && port != "" {
		// The handler can't parse such an address; an API server panics there.
		return "", nil, apierrors.NewInternalError(fmt.Errorf("proxying to port %q of pod %s: %w", port, name, err))
	}
	ip := net.ParseIP(podIP(pod))
	if ip == nil || !ip.IsGlobalUnicast() {
		return "", nil, apierrors.NewBadRequest("address not allowed")
	}
	location = &url.URL{Scheme: scheme, Host: net.JoinHostPort(ip.String(), port)}
	if port == "" {
		location.Host = strings.TrimSuffix(location.Host, ":")
	}
	return name, location, nil
}

// podIP is the pod's primary address; an older fixture has only podIP.
func podIP(pod *unstructured.Unstructured) string {
	ips, _, _ := unstructured.NestedSlice(pod.Object, "status", "podIPs")
	if len(ips) > 0 {
		first, _ := ips[0].(map[string]any)
		ip, _ := first["ip"].(string)
		return ip
	}
	ip, _, _ := unstructured.NestedString(pod.Object, "status", "podIP")
	return ip
}

func firstPort(pod *unstructured.Unstructured) string {
	containers, _, _ := unstructured.NestedSlice(pod.Object, "spec", "containers")
	for _, c := range containers {
		container, _ := c.(map[string]any)
		ports, _ := container["ports"].([]any)
		if len(ports) == 0 {
			continue
		}
		first, _ := ports[0].(map[string]any)
		switch port := first["containerPort"].(type) {
		case int64:
			return strconv.FormatInt(port, 10)
		case float64:
			return strconv.FormatFloat(port, 'f', -1, 64)
		}
	}
	return ""
}

// proxyPath is what follows /proxy, with the slashes that the request had.
func proxyPath(requestPath, rest string) string {
	if rest != "" {
		rest = "/" + rest
	}
	if strings.HasSuffix(requestPath, "/") && !strings.HasSuffix(rest, "/") {
		rest += "/"
	}
	return rest
}

// statusResponder answers a failed connection as the API server does.
type statusResponder struct{}

func (statusResponder) Error(w http.ResponseWriter, _ *http.Request, err error) {
	writeStatus(w, err)
}
