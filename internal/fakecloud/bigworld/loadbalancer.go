package bigworld

import (
	"crypto/md5" //nolint:gosec // the controller names path matchers by it
	"encoding/hex"
	"encoding/json"
	"fmt"

	"plumbline/internal/scenario"
)

// A loadBalancer is one Ingress with everything behind it.
type loadBalancer struct {
	number             int
	namespace, name    string
	service, neg, host string
	address            string
	// endpoints and healthStates are those of the NEG, by zone.
	endpoints, healthStates map[string]list
	// spec is that of all pods; see podSpec.
	spec object
}

// ingress adds the Ingress with this number, and its load balancer.
func (b *builder) ingress(i, pods int) {
	l := &loadBalancer{
		number: i, namespace: namespace(i), name: ingressName(i), service: serviceName(i),
		host: ingressName(i) + ".acme.example", address: fmt.Sprintf("203.0.%d.%d", 113+i/250, 1+i%250),
		endpoints: map[string]list{}, healthStates: map[string]list{},
	}
	l.neg = negName(l.namespace, l.service, 80)
	if i%perNamespace == 0 {
		b.add("v1", "Namespace", "", l.namespace, object{"status": object{"phase": "Active"}})
		b.Responses = append(b.Responses, scenario.Response{Pod: l.namespace + "/*", Port: 8080, Scheme: "http", Status: 200})
	}
	b.DNS[l.host] = scenario.DNSRecord{A: []string{l.address}}
	b.kubernetes(l)
	b.workload(l, pods)
	b.backend(l)
	b.frontend(l)
}

func (b *builder) kubernetes(l *loadBalancer) {
	target := object{"service": object{"name": l.service, "port": object{"number": 80}}}
	ingress := object{
		"metadata": object{
			"annotations": object{
				"ingress.kubernetes.io/backends":        fmt.Sprintf(`{"%s":"HEALTHY"}`, l.neg),
				"ingress.kubernetes.io/forwarding-rule": frontendName("fr", l.namespace, l.name),
				"ingress.kubernetes.io/target-proxy":    frontendName("tp", l.namespace, l.name),
				"ingress.kubernetes.io/url-map":         frontendName("um", l.namespace, l.name),
			},
			"finalizers": list{"networking.gke.io/ingress-finalizer-V2"}, "generation": int64(1),
		},
		"spec": object{"defaultBackend": target, "rules": list{object{
			"host": l.host, "http": object{"paths": list{object{"path": "/", "pathType": "Prefix", "backend": target}}},
		}}},
		"status": object{"loadBalancer": object{"ingress": list{object{"ip": l.address}}}},
	}
	ingress["metadata"].(object)["managedFields"] = list{
		managed("kubectl-client-side-apply", "", "2026-03-02T09:12:03Z", object{"spec": ingress["spec"]}),
		managed("glbc", "status", "2026-03-02T09:17:40Z", object{"status": ingress["status"]}),
	}
	b.add("networking.k8s.io/v1", "Ingress", l.namespace, l.name, ingress)

	clusterIP := fmt.Sprintf("10.92.%d.%d", l.number/250, 2+l.number%250)
	service := object{
		"metadata": object{"annotations": object{
			"cloud.google.com/neg":        `{"ingress":true}`,
			"cloud.google.com/neg-status": fmt.Sprintf(`{"network_endpoint_groups":{"80":"%s"},"zones":["%s","%s"]}`, l.neg, zones[0], zones[1]),
		}},
		"spec": object{
			"type": "ClusterIP", "clusterIP": clusterIP, "clusterIPs": list{clusterIP}, "internalTrafficPolicy": "Cluster", "ipFamilies": list{"IPv4"},
			"ipFamilyPolicy": "SingleStack", "selector": object{"app": l.service}, "sessionAffinity": "None",
			"ports": list{object{"name": "http", "port": int64(80), "protocol": "TCP", "targetPort": "http"}},
		},
		"status": object{"loadBalancer": object{}},
	}
	service["metadata"].(object)["managedFields"] = list{managed("kubectl-client-side-apply", "", "2026-03-02T08:31:15Z", object{"spec": service["spec"]})}
	b.add("v1", "Service", l.namespace, l.service, service)
	b.negStatus(l)
}

// negStatus is what the NEG controller says of the Service's NEG.
func (b *builder) negStatus(l *loadBalancer) {
	var groups list
	for _, zone := range zones {
		path := "projects/" + project + "/zones/" + zone + "/networkEndpointGroups/" + l.neg
		groups = append(groups, object{"id": number(path), "selfLink": link(path), "networkEndpointType": "GCE_VM_IP_PORT", "state": "ACTIVE"})
	}
	condition := func(kind, reason string) object {
		return object{"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": "2026-03-02T09:14:07Z"}
	}
	b.add("networking.gke.io/v1beta1", "ServiceNetworkEndpointGroup", l.namespace, l.neg, object{
		"metadata": object{"labels": object{
			"networking.gke.io/managed-by": "neg-controller", "networking.gke.io/service-name": l.service, "networking.gke.io/service-port": "80",
		}, "finalizers": list{"networking.gke.io/neg-finalizer"}},
		"spec": object{},
		"status": object{
			"networkEndpointGroups": groups, "lastSyncTime": "2026-11-17T13:58:20Z",
			"conditions": list{condition("Initialized", "NegInitializationSuccessful"), condition("Synced", "NegSyncSuccessful")},
		},
	})
}

// backend is the backend service with its health check and groups.
func (b *builder) backend(l *loadBalancer) {
	var backends list
	health := map[string]json.RawMessage{}
	for _, zone := range zones {
		path := "zones/" + zone + "/networkEndpointGroups/" + l.neg
		backends = append(backends, object{"group": own(path), "balancingMode": "RATE", "maxRatePerEndpoint": 1, "capacityScaler": 1})
		b.compute(path, "networkEndpointGroup", object{
			"description":         fmt.Sprintf(`{"cluster-uid":"%s","namespace":"%s","service-name":"%s","port":"80"}`, kubeUID, l.namespace, l.service),
			"networkEndpointType": "GCE_VM_IP_PORT", "size": len(l.endpoints[zone]), "network": link(network), "subnetwork": link(subnetwork), "zone": own("zones/" + zone),
		})
		b.Endpoints["projects/"+project+"/"+path] = marshal(append(list{}, l.endpoints[zone]...))
		health[path] = marshal(append(list{}, l.healthStates[zone]...))
	}
	b.Health["projects/"+project+"/global/backendServices/"+l.neg] = health
	b.compute("global/backendServices/"+l.neg, "backendService", object{
		"description": fmt.Sprintf(`{"kubernetes.io/service-name":"%s/%s","kubernetes.io/service-port":"\u0026ServiceBackendPort{Name:,Number:80,}","x-features":["NEG"]}`, l.namespace, l.service),
		"protocol":    "HTTP", "loadBalancingScheme": "EXTERNAL", "timeoutSec": 30, "sessionAffinity": "NONE", "connectionDraining": object{"drainingTimeoutSec": 0},
		"logConfig": object{"enable": true, "sampleRate": 1}, "healthChecks": list{own("global/healthChecks/" + l.neg)}, "backends": backends,
	})
	b.compute("global/healthChecks/"+l.neg, "healthCheck", object{
		"description": "Kubernetes L7 health check generated with readiness probe settings.", "type": "HTTP",
		"checkIntervalSec": 10, "timeoutSec": 2, "healthyThreshold": 1, "unhealthyThreshold": 2, "logConfig": object{"enable": true},
		"httpHealthCheck": object{"portSpecification": "USE_SERVING_PORT", "requestPath": "/ready", "proxyHeader": "NONE"},
	})
}

// frontend is what leads to the backend service.
func (b *builder) frontend(l *loadBalancer) {
	backendService := own("global/backendServices/" + l.neg)
	sum := md5.Sum([]byte(l.host)) //nolint:gosec // the controller names path matchers by it
	matcher := "host" + hex.EncodeToString(sum[:])
	urlMap, proxy := frontendName("um", l.namespace, l.name), frontendName("tp", l.namespace, l.name)
	description := fmt.Sprintf(`{"kubernetes.io/ingress-name": "%s/%s"}`, l.namespace, l.name)
	b.compute("global/urlMaps/"+urlMap, "urlMap", object{
		"defaultService": backendService,
		"hostRules":      list{object{"hosts": list{l.host}, "pathMatcher": matcher}},
		"pathMatchers":   list{object{"name": matcher, "defaultService": backendService, "pathRules": list{object{"paths": list{"/*"}, "service": backendService}}}},
	})
	b.compute("global/targetHttpProxies/"+proxy, "targetHttpProxy", object{"description": description, "urlMap": own("global/urlMaps/" + urlMap)})
	b.compute("global/forwardingRules/"+frontendName("fr", l.namespace, l.name), "forwardingRule", object{
		"description": description, "IPAddress": l.address, "IPProtocol": "TCP", "portRange": "80-80", "loadBalancingScheme": "EXTERNAL", "networkTier": "PREMIUM",
		"target": own("global/targetHttpProxies/" + proxy),
	})
}
