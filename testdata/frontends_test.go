package testdata_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// firewall: the rule for Ingress is as the controller writes it
// (ingress-controller.md §1.8), in the project that has the network.
func (a *audit) firewall() {
	ranges := []string{"130.211.0.0/22", "35.191.0.0/16"}
	ports := map[string]bool{}
	regional := false
	for _, bs := range resources[computepb.BackendService](a, "backendServices") {
		svc, port, instances := (*corev1.Service)(nil), (*corev1.ServicePort)(nil), false
		if len(bs.GetBackends()) > 0 && strings.HasPrefix(bs.GetDescription(), `{"kubernetes.io/service-name"`) {
			svc, port, instances = a.behind(bs.GetName(), bs)
		}
		regional = regional || bs.GetLoadBalancingScheme() == "INTERNAL_MANAGED"
		if instances {
			ports["30000-32767"] = true
		} else if svc != nil {
			for _, p := range a.podsOf(svc) {
				ports[strconv.Itoa(int(glbc.ServingPort(p, port)))] = true
			}
		}
	}
	if regional {
		ranges = append(ranges, a.proxyOnly()...)
	}
	if len(ports) == 0 {
		return
	}
	project := strings.Split(a.cluster.NetworkConfig.Network, "/")[1]
	name := "projects/" + project + "/global/firewalls/k8s-fw-l7--" + a.uid
	rule, ok := resources[computepb.Firewall](a, "firewalls")[name]
	if !ok {
		a.problemf("there is no firewall rule %s", name)
		return
	}
	var want []string
	for p := range ports {
		want = append(want, p)
	}
	a.equal(name+" allows "+strings.Join(rule.GetAllowed()[0].GetPorts(), ",")+":", rule.GetAllowed()[0].GetPorts(), want)
	a.equal(name+" admits", rule.GetSourceRanges(), ranges)
	a.same(name+" has network", facts.RelativePath(rule.GetNetwork()), a.cluster.NetworkConfig.Network)
	if rule.GetDisabled() || rule.GetDirection() != "INGRESS" {
		a.problemf("%s: disabled %v, %s", name, rule.GetDisabled(), rule.GetDirection())
	}
}

func (a *audit) proxyOnly() []string {
	var ranges []string
	for _, s := range resources[computepb.Subnetwork](a, "subnetworks") {
		if s.GetPurpose() == "REGIONAL_MANAGED_PROXY" && s.GetRole() == "ACTIVE" && facts.RelativePath(s.GetNetwork()) == a.cluster.NetworkConfig.Network {
			ranges = append(ranges, s.GetIpCidrRange())
		}
	}
	if len(ranges) == 0 {
		a.problemf("there is no proxy-only subnetwork")
	}
	return ranges
}

// frontends: an address is that of the forwarding rules that it names, and a
// forwarding rule's proxy and its backends are of the same scheme.
func (a *audit) frontends() {
	rules := resources[computepb.ForwardingRule](a, "forwardingRules")
	subnets := resources[computepb.Subnetwork](a, "subnetworks")
	for name, address := range resources[computepb.Address](a, "addresses") {
		var users []string
		for path, fr := range rules {
			if fr.GetIPAddress() == address.GetAddress() {
				users = append(users, path)
			}
		}
		var named []string
		for _, u := range address.GetUsers() {
			named = append(named, facts.RelativePath(u))
		}
		a.equal("address "+address.GetName()+" is used by", named, users)
		if len(users) == 0 || address.GetStatus() != "IN_USE" {
			a.problemf("address %s has %d users and is %s", address.GetName(), len(users), address.GetStatus())
		}
		if s := subnets[facts.RelativePath(address.GetSubnetwork())]; s != nil {
			a.within(name, address.GetAddress(), s.GetIpCidrRange())
		}
	}
	for name, fr := range rules {
		text := string(a.Compute[facts.RelativePath(fr.GetTarget())])
		_, urlMap, _ := strings.Cut(text, `"urlMap":"`)
		urlMap, _, _ = strings.Cut(urlMap, `"`)
		for _, m := range computeURL.FindAllStringSubmatch(string(a.Compute[facts.RelativePath(urlMap)]), -1) {
			if bs := resources[computepb.BackendService](a, "backendServices")[m[1]]; bs != nil {
				a.same(name+" has scheme", fr.GetLoadBalancingScheme(), bs.GetLoadBalancingScheme())
			}
		}
	}
}

// scope is where an Ingress has its load balancer.
func (a *audit) scope(ing *networkingv1.Ingress) string {
	if glbc.ClassOf(ing).Internal {
		return "projects/" + a.project + "/regions/" + a.cluster.Location
	}
	return "projects/" + a.project + "/global"
}

// frontendParts are the annotations that name parts of a load balancer: their
// collections, and what their names begin with.
var frontendParts = map[string][2]string{
	"forwarding-rule": {"forwardingRules", "k8s2-fr-"}, "https-forwarding-rule": {"forwardingRules", "k8s2-fs-"},
	"target-proxy": {"targetHttpProxies", "k8s2-tp-"}, "https-target-proxy": {"targetHttpsProxies", "k8s2-ts-"},
	"url-map": {"urlMaps", "k8s2-um-"}, "ssl-cert": {"sslCertificates", ""},
}

// contentHash is the hash in the names of frontends (ingress-controller.md §6).
func contentHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	var hash []byte
	for _, b := range sum[:8] {
		hash = append(hash, "0123456789abcdefghijklmnopqrstuvwxyz"[b%36])
	}
	return string(hash)
}

// ingresses: the parts that they name exist and carry their address, their hosts
// resolve to it, and their rules are in the URL map.
func (a *audit) ingresses() {
	for _, ing := range objects[networkingv1.Ingress](a, "Ingress") {
		name, address := "Ingress/"+ing.Namespace+"/"+ing.Name, glbc.Address(ing)
		for key, c := range frontendParts {
			collection, prefix := c[0], c[1]
			part := ing.Annotations["ingress.kubernetes.io/"+key]
			path := a.scope(ing) + "/" + collection + "/" + part
			if part == "" {
				continue
			}
			if prefix != "" {
				own := contentHash(strings.Join([]string{a.kubeUID, ing.Namespace, ing.Name}, ";"))
				a.same(name+" has "+key, part, prefix+contentHash(a.kubeUID)+"-"+ing.Namespace+"-"+ing.Name+"-"+own)
			}
			if _, ok := a.Compute[path]; !ok {
				a.problemf("%s: %s %s isn't in the world", name, key, part)
			} else if collection == "forwardingRules" {
				a.same(path+" has address", resources[computepb.ForwardingRule](a, collection)[path].GetIPAddress(), address)
			}
		}
		for _, host := range glbc.Hosts(ing) {
			a.equal(host+" resolves to", a.DNS[host].A, []string{address})
		}
		m := resources[computepb.UrlMap](a, "urlMaps")[a.scope(ing)+"/urlMaps/"+ing.Annotations["ingress.kubernetes.io/url-map"]]
		for _, rule := range ing.Spec.Rules {
			for _, p := range rule.HTTP.Paths {
				for _, path := range expanded(p) {
					a.same(fmt.Sprintf("%s: %s%s leads to", name, rule.Host, path), routed(m, rule.Host, path), a.backendName(ing, p.Backend))
				}
			}
		}
		for bs, state := range backendStates(ing) {
			if _, ok := a.Compute[a.scope(ing)+"/backendServices/"+bs]; !ok || state != "HEALTHY" {
				a.problemf("%s says that %s is %s", name, bs, state)
			}
		}
	}
}

// expanded are the paths that the controller makes of one (ingress-controller.md §1.2).
func expanded(p networkingv1.HTTPIngressPath) []string {
	if *p.PathType != networkingv1.PathTypePrefix {
		return []string{p.Path}
	}
	stem := strings.TrimSuffix(p.Path, "/")
	if stem == "" {
		return []string{"/*"}
	}
	return []string{stem, stem + "/*"}
}

// routed is the name of the backend service that a URL map has for exactly this
// path.
func routed(m *computepb.UrlMap, host, path string) string {
	for _, rule := range m.GetHostRules() {
		for _, matcher := range m.GetPathMatchers() {
			if !slices.Contains(rule.GetHosts(), host) || matcher.GetName() != rule.GetPathMatcher() {
				continue
			}
			for _, r := range matcher.GetPathRules() {
				if slices.Contains(r.GetPaths(), path) {
					return facts.LastSegment(r.GetService())
				}
			}
		}
	}
	return ""
}

func (a *audit) backendName(ing *networkingv1.Ingress, b networkingv1.IngressBackend) string {
	svc := a.service(ing.Namespace, b.Service.Name)
	if svc == nil || glbc.PortOf(svc, b.Service.Port) == nil {
		return "no Service " + b.Service.Name
	}
	port := glbc.PortOf(svc, b.Service.Port)
	if !glbc.NEGRequestOf(svc).Ingress {
		return glbc.InstanceGroupBackendName(port.NodePort) + a.uid
	}
	return glbc.NEGName(a.uid, svc.Namespace, svc.Name, port.Port)
}

// gateways: the parts that they name exist, and each route leads to a port of a
// Service that it may refer to.
func (a *audit) gateways() {
	for _, g := range objects[gatewayv1.Gateway](a, "Gateway") {
		for key, value := range g.Annotations {
			for path := range strings.SplitSeq(value, ", ") {
				if rest, ok := strings.CutPrefix(path, "/projects/"); ok && strings.HasPrefix(key, "networking.gke.io/") {
					_, rest, _ = strings.Cut(rest, "/")
					a.leads("Gateway/"+g.Name, "projects/"+a.project+"/"+rest)
				}
			}
		}
		for path, fr := range resources[computepb.ForwardingRule](a, "forwardingRules") {
			if strings.Contains(g.Annotations["networking.gke.io/forwarding-rules"], fr.GetName()) {
				a.same(path+" has address", fr.GetIPAddress(), glbc.GatewayAddress(g))
			}
		}
	}
	for _, r := range objects[gatewayv1.HTTPRoute](a, "HTTPRoute") {
		name := "HTTPRoute/" + r.Namespace + "/" + r.Name
		for _, rule := range r.Spec.Rules {
			for _, b := range rule.BackendRefs {
				namespace := r.Namespace
				if b.Namespace != nil {
					namespace = string(*b.Namespace)
				}
				if svc := a.service(namespace, string(b.Name)); svc == nil || portNumbered(svc, *b.Port) == nil {
					a.problemf("%s: no port %s/%s:%d", name, namespace, b.Name, *b.Port)
				}
				if namespace != r.Namespace && !a.granted(r.Namespace, namespace) {
					a.problemf("%s: no ReferenceGrant in %s", name, namespace)
				}
			}
		}
		for _, parent := range r.Spec.ParentRefs {
			a.attached(r, parent)
		}
	}
}

// attached: a route's parent is a Gateway, which its hosts resolve to.
func (a *audit) attached(r *gatewayv1.HTTPRoute, parent gatewayv1.ParentReference) {
	for _, g := range objects[gatewayv1.Gateway](a, "Gateway") {
		if g.Name != string(parent.Name) || parent.Namespace == nil || g.Namespace != string(*parent.Namespace) {
			continue
		}
		for _, host := range r.Spec.Hostnames {
			a.equal(string(host)+" resolves to", a.DNS[string(host)].A, []string{glbc.GatewayAddress(g)})
		}
		return
	}
	a.problemf("HTTPRoute/%s/%s: there is no Gateway %s", r.Namespace, r.Name, parent.Name)
}

func (a *audit) granted(from, to string) bool {
	for _, g := range objects[gatewayv1beta1.ReferenceGrant](a, "ReferenceGrant") {
		for _, f := range g.Spec.From {
			if g.Namespace == to && f.Kind == "HTTPRoute" && string(f.Namespace) == from {
				return true
			}
		}
	}
	return false
}

// backendStates is what an Ingress says of its backend services.
func backendStates(ing *networkingv1.Ingress) map[string]string {
	states := map[string]string{}
	if json.Unmarshal([]byte(ing.Annotations["ingress.kubernetes.io/backends"]), &states) != nil {
		return nil
	}
	return states
}
