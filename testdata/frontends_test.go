package testdata_test

import (
	"encoding/json"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

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

// A part is one that an Ingress names in an annotation, and what GLBC would call it.
type part struct{ key, collection, want string }

func (a *audit) partsOf(ing *networkingv1.Ingress) []part {
	n := glbc.NamesOf(ing, a.kubeUID, a.uid)
	return []part{
		{"forwarding-rule", "forwardingRules", n.ForwardingRule},
		{"https-forwarding-rule", "forwardingRules", n.HTTPSForwardingRule},
		{"target-proxy", "targetHttpProxies", n.TargetProxy},
		{"https-target-proxy", "targetHttpsProxies", n.HTTPSTargetProxy},
		{"url-map", "urlMaps", n.URLMap},
		{"ssl-cert", "sslCertificates", ing.Annotations["ingress.gcp.kubernetes.io/pre-shared-cert"]},
	}
}

// ingresses: the parts that they name exist and carry their address, their hosts
// resolve to it, and their rules are in the URL map.
func (a *audit) ingresses() {
	for _, ing := range objects[networkingv1.Ingress](a, "Ingress") {
		name, address := "Ingress/"+ing.Namespace+"/"+ing.Name, glbc.Address(ing)
		for _, p := range a.partsOf(ing) {
			have := ing.Annotations["ingress.kubernetes.io/"+p.key]
			if have == "" {
				continue
			}
			path := a.scope(ing) + "/" + p.collection + "/" + have
			a.same(name+" has "+p.key, have, p.want)
			a.leads(name, path)
			if p.collection == "forwardingRules" {
				a.same(path+" has address", resources[computepb.ForwardingRule](a, p.collection)[path].GetIPAddress(), address)
			}
		}
		for _, host := range glbc.Hosts(ing) {
			a.equal(host+" resolves to", a.DNS[host].A, []string{address})
		}
		m := resources[computepb.UrlMap](a, "urlMaps")[a.scope(ing)+"/urlMaps/"+ing.Annotations["ingress.kubernetes.io/url-map"]]
		differences, err := glbc.CompareURLMap(glbc.DesiredURLMap(ing), m, a.backendName)
		if err != nil || len(differences) > 0 {
			a.problemf("%s: the URL map differs: %+v, error %v", name, differences, err)
		}
		for bs, state := range backendStates(ing) {
			if _, ok := a.Compute[a.scope(ing)+"/backendServices/"+bs]; !ok || state != "HEALTHY" {
				a.problemf("%s says that %s is %s", name, bs, state)
			}
		}
	}
}

// backendName is what GLBC calls the backend service of a Service port.
func (a *audit) backendName(n glbc.ServicePortName) facts.Value[string] {
	svc := a.service(n.Namespace, n.Service)
	if svc == nil || glbc.PortOf(svc, n.Port) == nil {
		return facts.Absent[string]()
	}
	port := glbc.PortOf(svc, n.Port)
	if !glbc.NEGRequestOf(svc).Ingress {
		return facts.Found(glbc.InstanceGroupBackend(a.uid, port.NodePort))
	}
	return facts.Found(glbc.NEGName(a.uid, svc.Namespace, svc.Name, port.Port))
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
