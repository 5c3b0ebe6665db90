package fakecloud

import (
	"crypto/tls"
	"fmt"
	"hash/fnv"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"

	"google.golang.org/api/container/v1"

	"plumbline/internal/facts"
	"plumbline/internal/scenario"
)

// controlPlanes are the API servers of the clusters that can be reached now.
// Cloud.planesMu guards it.
type controlPlanes struct {
	cloud *Cloud
	// running is by the cluster's full name.
	running map[string]*controlPlane
	// byHost says which cluster an endpoint belongs to.
	byHost map[string]string
	// endpoints are those that were made up, kept for the Cloud's life.
	endpoints map[string]string
}

// A controlPlane is one API server behind its two sorts of endpoint: IP
// addresses with the cluster's certificate, the DNS name with a public one.
type controlPlane struct {
	ipHosts, dnsHosts []string
	ip, dns           *front
}

// assign gives every cluster its IP endpoint: the fixture's, else one of
// TEST-NET-1 that depends on the cluster's name.
func (p *controlPlanes) assign(w *scenario.World) map[string]string {
	used := map[string]bool{}
	for _, endpoint := range p.endpoints {
		used[endpoint] = true
	}
	assigned := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(w.Clusters)) {
		cluster := w.Clusters[name]
		switch {
		case cluster.Endpoint != "":
			assigned[name] = cluster.Endpoint
			used[cluster.Endpoint] = true
		case ipDisabled(cluster):
		default:
			assigned[name] = ""
		}
	}
	for _, name := range slices.Sorted(maps.Keys(assigned)) {
		if assigned[name] != "" {
			continue
		}
		if p.endpoints[name] == "" {
			p.endpoints[name] = freeEndpoint(name, used)
		}
		assigned[name] = p.endpoints[name]
	}
	return assigned
}

func freeEndpoint(name string, used map[string]bool) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	for i := range uint32(254) {
		endpoint := fmt.Sprintf("192.0.2.%d", (hash.Sum32()+i)%254+1)
		if !used[endpoint] {
			used[endpoint] = true
			return endpoint
		}
	}
	return ""
}

// ipDisabled reports a cluster that is reached by its DNS endpoint only.
func ipDisabled(cluster *container.Cluster) bool {
	c := cluster.ControlPlaneEndpointsConfig
	return c != nil && c.IpEndpointsConfig != nil && !c.IpEndpointsConfig.Enabled && c.IpEndpointsConfig.PublicEndpoint == "" && c.IpEndpointsConfig.PrivateEndpoint == ""
}

// hostsOf lists where a cluster answers. A DNS endpoint that doesn't allow
// external traffic is there and of no use (gcp-facts.md §8).
func hostsOf(cluster *container.Cluster, endpoint string) (ip, dns []string) {
	ip = append(ip, endpoint)
	if p := cluster.PrivateClusterConfig; p != nil {
		ip = append(ip, p.PublicEndpoint, p.PrivateEndpoint)
	}
	if c := cluster.ControlPlaneEndpointsConfig; c != nil {
		if c.IpEndpointsConfig != nil {
			ip = append(ip, c.IpEndpointsConfig.PublicEndpoint, c.IpEndpointsConfig.PrivateEndpoint)
		}
		if d := c.DnsEndpointConfig; d != nil && d.AllowExternalTraffic && d.Endpoint != "" {
			dns = append(dns, d.Endpoint)
		}
	}
	slices.Sort(ip)
	ip = slices.DeleteFunc(slices.Compact(ip), func(host string) bool { return host == "" })
	return ip, dns
}

// follow starts and stops API servers so that those of the state run. One that
// can't be started isn't reachable.
func (p *controlPlanes) follow(st *state) {
	p.byHost = map[string]string{}
	wanted := map[string]bool{}
	for name, cluster := range st.world.Clusters {
		ip, dns := hostsOf(cluster, st.endpoints[name])
		for _, host := range slices.Concat(ip, dns) {
			p.byHost[host] = name
		}
		wanted[name] = !slices.Contains(st.world.Unavailable, "kubernetes/"+facts.LastSegment(name))
		if plane := p.running[name]; plane != nil && (!slices.Equal(plane.ipHosts, ip) || !slices.Equal(plane.dnsHosts, dns)) {
			plane.stop()
			delete(p.running, name)
		}
		if wanted[name] && p.running[name] == nil {
			if plane, err := p.cloud.startPlane(name, ip, dns); err == nil {
				p.running[name] = plane
			}
		}
	}
	for name, plane := range p.running {
		if !wanted[name] {
			plane.stop()
			delete(p.running, name)
		}
	}
}

func (c *Cloud) startPlane(name string, ip, dns []string) (*controlPlane, error) {
	ca, err := c.pki.cluster(name)
	if err != nil {
		return nil, err
	}
	plane := &controlPlane{ipHosts: ip, dnsHosts: dns}
	if plane.ip, err = c.startAPIServer(name, false, ca, ip); err != nil {
		return nil, err
	}
	if plane.dns, err = c.startAPIServer(name, true, c.pki.public, dns); err != nil {
		plane.ip.stop()
		return nil, err
	}
	return plane, nil
}

func (c *Cloud) startAPIServer(name string, byDNS bool, ca *authority, hosts []string) (*front, error) {
	cert, err := ca.issue(hosts)
	if err != nil {
		return nil, err
	}
	api := &apiServer{cloud: c, cluster: name, byDNS: byDNS}
	return startFront(&http.Server{
		Handler:           c.answering(api),
		ReadHeaderTimeout: headerTimeout,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
	}, true)
}

func (p *controlPlane) stop() {
	p.ip.stop()
	p.dns.stop()
}

func (p *controlPlanes) stop() {
	for name, plane := range p.running {
		plane.stop()
		delete(p.running, name)
	}
}

// target is the loopback address that plays an endpoint.
func (p *controlPlanes) target(network, addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", &net.OpError{Op: "dial", Net: network, Err: err}
	}
	host = strings.TrimSuffix(host, ".")
	cluster, known := p.byHost[host]
	if !known && net.ParseIP(host) == nil {
		return "", &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	plane := p.running[cluster]
	if plane == nil || port != "443" {
		return "", refusedConnection(network, addr)
	}
	if slices.Contains(plane.dnsHosts, host) {
		return plane.dns.addr, nil
	}
	return plane.ip.addr, nil
}

// refusedConnection is the error of a dial that nobody listens to.
func refusedConnection(network, addr string) error {
	return &net.OpError{Op: "dial", Net: network, Addr: namedAddr{network, addr}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

type namedAddr struct{ network, addr string }

func (a namedAddr) Network() string { return a.network }
func (a namedAddr) String() string  { return a.addr }
