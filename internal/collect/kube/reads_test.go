package kube_test

import (
	"context"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"plumbline/internal/collect/kube"
	"plumbline/internal/facts"
)

// metadata begins every object of the tables: what an API server adds is in it.
const metadata = `"metadata":{"namespace":"shop","name":"web","uid":"39ffe462","resourceVersion":"177322","generation":2,"creationTimestamp":"2026-03-02T08:31:15Z",
	"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"kind\":\"x\"}"},
	"managedFields":[{"manager":"kubectl-client-side-apply","operation":"Update","apiVersion":"v1","time":"2026-03-02T08:31:15Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}}}]},`

func reads() map[string]read {
	all := builtinReads()
	maps.Copy(all, customReads())
	return all
}

func builtinReads() map[string]read {
	return map[string]read{
		"Ingresses": {
			"/apis/networking.k8s.io/v1/ingresses", "container.ingresses.list", false,
			`{` + metadata + `"spec":{"defaultBackend":{"service":{"name":"web","port":{"number":80}}}},"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.28"}]}}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.Ingresses(ctx), func(i *networkingv1.Ingress) []any {
					return []any{i.Namespace, i.Name, i.Generation, len(i.Annotations), i.ManagedFields[0].Manager, i.ManagedFields[0].FieldsV1, i.Spec.DefaultBackend.Service.Port.Number, i.Status.LoadBalancer.Ingress[0].IP}
				})
			}, "shop web 2 0 kubectl-client-side-apply <nil> 80 203.0.113.28",
		},
		"IngressClasses": {
			"/apis/networking.k8s.io/v1/ingressclasses", "container.ingressClasses.list", true,
			`{"metadata":{"name":"nginx"},"spec":{"controller":"k8s.io/ingress-nginx"}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.IngressClasses(ctx), func(i *networkingv1.IngressClass) []any { return []any{i.Name, i.Spec.Controller} })
			}, "nginx k8s.io/ingress-nginx",
		},
		"Services": {
			"/api/v1/namespaces/shop/services", "container.services.list", false,
			`{` + metadata + `"spec":{"type":"NodePort","selector":{"app":"web"},"ports":[{"name":"http","port":80,"targetPort":"http","nodePort":30080}]},"status":{"loadBalancer":{}}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.Services(ctx, "shop"), func(s *corev1.Service) []any {
					return []any{s.Name, s.ManagedFields[0].Manager, s.Spec.Type, s.Spec.Selector["app"], s.Spec.Ports[0].TargetPort.StrVal, s.Spec.Ports[0].NodePort}
				})
			}, "web kubectl-client-side-apply NodePort web http 30080",
		},
		"EndpointSlices": {
			"/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", "container.endpointSlices.list", false,
			`{` + metadata + `"addressType":"IPv4","ports":[{"name":"http","port":8080,"protocol":"TCP"}],"endpoints":[{"addresses":["10.8.0.21"],"conditions":{"ready":true,"serving":true,"terminating":false},
				"nodeName":"node-1","zone":"europe-west1-b","targetRef":{"kind":"Pod","namespace":"shop","name":"web-1"}}]}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.EndpointSlices(ctx, "shop"), func(s *discoveryv1.EndpointSlice) []any {
					e := s.Endpoints[0]
					return []any{len(s.ManagedFields), *s.Ports[0].Port, e.Addresses, *e.Conditions.Ready, *e.NodeName, *e.Zone, e.TargetRef.Name}
				})
			}, "0 8080 [10.8.0.21] true node-1 europe-west1-b web-1",
		},
		"Pods": {
			"/api/v1/namespaces/shop/pods", "container.pods.list", false,
			`{` + metadata + `"spec":{"nodeName":"node-1","volumes":[{"name":"tls","secret":{"secretName":"tls"}}],"containers":[{"name":"web","image":"web:1","env":[{"name":"DB","value":"hunter2"}],
				"resources":{"limits":{"cpu":"500m","memory":"1Gi"}},"ports":[{"containerPort":8080}]}]},"status":{"phase":"Running","podIP":"10.8.0.21","conditions":[{"type":"Ready","status":"True"}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.Pods(ctx, "shop"), func(p *corev1.Pod) []any {
					return []any{p.Name, len(p.ManagedFields), p.Spec.NodeName, len(p.Spec.Volumes), p.Spec.Containers[0].Env[0].Value, p.Status.PodIP, p.Status.Conditions[0].Status}
				})
			}, "web 0 node-1 0 (redacted) 10.8.0.21 True",
		},
		"Deployments": {
			"/apis/apps/v1/namespaces/shop/deployments", "container.deployments.list", false,
			`{` + metadata + `"spec":{"replicas":0,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"hunter2"}]}]}},
				"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%"}}},"status":{"conditions":[{"type":"Available","status":"False"}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.Deployments(ctx, "shop"), func(d *appsv1.Deployment) []any {
					return []any{*d.Spec.Replicas, d.Spec.Template.Labels["app"], d.Spec.Template.Spec.Containers[0].Env[0].Value, d.Spec.Strategy.RollingUpdate.MaxSurge.StrVal, d.Status.Conditions[0].Status}
				})
			}, "0 web (redacted) 25% False",
		},
		"ReplicaSets": {
			"/apis/apps/v1/namespaces/shop/replicasets", "container.replicaSets.list", false,
			`{` + metadata + `"spec":{"replicas":2,"template":{"metadata":{"labels":{"pod-template-hash":"5d8c7f9b44"}}}},"status":{"replicas":2,"readyReplicas":1}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.ReplicaSets(ctx, "shop"), func(r *appsv1.ReplicaSet) []any {
					return []any{*r.Spec.Replicas, r.Spec.Template.Labels["pod-template-hash"], r.Status.ReadyReplicas}
				})
			}, "2 5d8c7f9b44 1",
		},
		"StatefulSets": {
			"/apis/apps/v1/namespaces/shop/statefulsets", "container.statefulSets.list", false,
			`{` + metadata + `"spec":{"replicas":3,"serviceName":"db","volumeClaimTemplates":[{"metadata":{"name":"data"}}],"template":{}},"status":{"replicas":3}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.StatefulSets(ctx, "shop"), func(s *appsv1.StatefulSet) []any {
					return []any{*s.Spec.Replicas, s.Spec.ServiceName, len(s.Spec.VolumeClaimTemplates), s.Status.Replicas}
				})
			}, "3 db 0 3",
		},
		"Nodes": {
			"/api/v1/nodes", "container.nodes.list", false,
			`{"metadata":{"name":"node-1","labels":{"topology.kubernetes.io/zone":"europe-west1-b"},"annotations":{"node.gke.io/last-applied-node-labels":"x"}},
				"spec":{"providerID":"gce://shop-prod/europe-west1-b/node-1","podCIDR":"10.8.0.0/24","taints":[{"key":"spot","effect":"NoSchedule"}]},
				"status":{"capacity":{"cpu":"4"},"conditions":[{"type":"MemoryPressure","status":"False"},{"type":"Ready","status":"Unknown"}],"images":[{"names":["web:1"]}],"addresses":[{"type":"InternalIP","address":"10.132.0.11"}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.Nodes(ctx), func(n *corev1.Node) []any {
					return []any{n.Labels["topology.kubernetes.io/zone"], len(n.Annotations), n.Spec.ProviderID, n.Spec.PodCIDR, n.Spec.Taints[0].Key, n.Status.Conditions[0].Status, len(n.Status.Conditions), len(n.Status.Images), n.Status.Addresses[0].Address}
				})
			}, "europe-west1-b 0 gce://shop-prod/europe-west1-b/node-1 10.8.0.0/24 spot Unknown 1 0 10.132.0.11",
		},
		"Events": {
			"/api/v1/namespaces/shop/events", "container.events.list", false,
			`{` + metadata + `"involvedObject":{"kind":"Ingress","namespace":"shop","name":"storefront","uid":"9bfc"},"reason":"Sync","message":"Error syncing to GCP: x","type":"Warning","count":3,
				"source":{"component":"loadbalancer-controller"},"firstTimestamp":"2026-11-16T08:00:00Z","lastTimestamp":null,"eventTime":"2026-11-16T08:10:00.123456Z","reportingComponent":"","reportingInstance":""}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.Events(ctx, "shop"), func(e *corev1.Event) []any {
					return []any{e.InvolvedObject.Name, e.Reason, e.Type, e.Count, e.Source.Component, facts.EventBegan(e).Format("15:04"), facts.EventTime(e).Format("15:04:05.000")}
				})
			}, "storefront Sync Warning 3 loadbalancer-controller 08:00 08:10:00.123",
		},
		"NetworkPolicies": {
			"/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies", "container.networkPolicies.list", false,
			`{` + metadata + `"spec":{"podSelector":{},"policyTypes":["Ingress"],"ingress":[{"from":[{"ipBlock":{"cidr":"35.191.0.0/16","except":["35.191.1.0/24"]}}],"ports":[{"port":"http","protocol":"TCP"}]}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.NetworkPolicies(ctx, "shop"), func(p *networkingv1.NetworkPolicy) []any {
					in := p.Spec.Ingress[0]
					return []any{p.Spec.PolicyTypes, in.From[0].IPBlock.CIDR, in.From[0].IPBlock.Except, in.Ports[0].Port.StrVal}
				})
			}, "[Ingress] 35.191.0.0/16 [35.191.1.0/24] http",
		},
		"UID": {
			"/api/v1/namespaces", "container.namespaces.list", false,
			`{"metadata":{"name":"kube-system","uid":"d2a6e0c4"}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				v := c.UID(ctx)
				uid, _ := v.Get()
				return uid, v.IsAbsent(), v.Err()
			}, "d2a6e0c4",
		},
	}
}

func customReads() map[string]read {
	return map[string]read{
		"BackendConfigs": {
			"/apis/cloud.google.com/v1/namespaces/shop/backendconfigs", "container.backendConfigs.list", true,
			`{"apiVersion":"cloud.google.com/v1","kind":"BackendConfig",` + metadata + `"spec":{"healthCheck":{"type":"HTTP","requestPath":"/healthz","port":8080,"timeoutSec":20},"iap":{"enabled":true,"oauthclientCredentials":{"secretName":"iap"}},
				"connectionDraining":{"drainingTimeoutSec":60},"logging":{"enable":true,"sampleRate":0.5}}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.BackendConfigs(ctx, "shop"), func(b *facts.BackendConfig) []any {
					return []any{b.Name, *b.Spec.HealthCheck.RequestPath, *b.Spec.HealthCheck.TimeoutSec, b.Spec.IAP.OAuthClientCredentials.SecretName, b.Spec.ConnectionDraining.DrainingTimeoutSec, *b.Spec.Logging.SampleRate, b.Spec.CDN == nil}
				})
			}, "web /healthz 20 iap 60 0.5 true",
		},
		"FrontendConfigs": {
			"/apis/networking.gke.io/v1beta1/namespaces/shop/frontendconfigs", "container.frontendConfigs.list", true,
			`{` + metadata + `"spec":{"sslPolicy":"","redirectToHttps":{"enabled":true,"responseCodeName":"FOUND"}}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.FrontendConfigs(ctx, "shop"), func(f *facts.FrontendConfig) []any {
					return []any{f.Spec.SSLPolicy != nil, f.Spec.RedirectToHTTPS.Enabled, f.Spec.RedirectToHTTPS.ResponseCodeName}
				})
			}, "true true FOUND",
		},
		"ManagedCertificates": {
			"/apis/networking.gke.io/v1/namespaces/shop/managedcertificates", "container.managedCertificates.list", true,
			`{` + metadata + `"spec":{"domains":["shop.acme.example"]},"status":{"certificateName":"mcrt-1","certificateStatus":"Provisioning","domainStatus":[{"domain":"shop.acme.example","status":"FailedNotVisible"}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.ManagedCertificates(ctx, "shop"), func(m *facts.ManagedCertificate) []any {
					return []any{m.Spec.Domains, m.Status.CertificateName, m.Status.DomainStatus[0].Status}
				})
			}, "[shop.acme.example] mcrt-1 FailedNotVisible",
		},
		"ServiceNEGs": {
			"/apis/networking.gke.io/v1beta1/namespaces/shop/servicenetworkendpointgroups", "container.thirdPartyObjects.list", true,
			`{` + metadata + `"spec":{},"status":{"networkEndpointGroups":[{"id":"17479","networkEndpointType":"GCE_VM_IP_PORT","selfLink":"https://www.googleapis.com/compute/v1/projects/p/zones/z/networkEndpointGroups/n"}],
				"conditions":[{"type":"Synced","status":"False","reason":"NegSyncFailed","message":"x","lastTransitionTime":"2026-11-16T08:00:00Z"}],"lastSyncTime":"2026-11-16T08:00:00Z"}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.ServiceNEGs(ctx, "shop"), func(n *facts.ServiceNEG) []any {
					return []any{n.Status.NetworkEndpointGroups[0].ID, n.Status.Conditions[0].Reason, n.Status.LastSyncTime.UTC().Format("15:04")}
				})
			}, "17479 NegSyncFailed 08:00",
		},
		"GatewayClasses": {
			"/apis/gateway.networking.k8s.io/v1/gatewayclasses", "container.thirdPartyObjects.list", true,
			`{"metadata":{"name":"gke-l7-rilb"},"spec":{"controllerName":"networking.gke.io/gateway"},"status":{"conditions":[{"type":"Accepted","status":"True","reason":"Accepted","message":"","lastTransitionTime":"2026-11-16T08:00:00Z"}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.GatewayClasses(ctx), func(g *gatewayv1.GatewayClass) []any {
					return []any{g.Name, g.Spec.ControllerName, g.Status.Conditions[0].Status}
				})
			}, "gke-l7-rilb networking.gke.io/gateway True",
		},
		"Gateways": {
			"/apis/gateway.networking.k8s.io/v1/gateways", "container.thirdPartyObjects.list", true,
			`{` + metadata + `"spec":{"gatewayClassName":"gke-l7-rilb","listeners":[{"name":"https","port":443,"protocol":"HTTPS","hostname":"shop.acme.example","tls":{"mode":"Terminate","certificateRefs":[{"name":"tls"}]}}]},
				"status":{"addresses":[{"type":"IPAddress","value":"10.0.0.5"}],"listeners":[{"name":"https","attachedRoutes":2,"supportedKinds":[],"conditions":[]}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.Gateways(ctx), func(g *gatewayv1.Gateway) []any {
					return []any{g.Spec.GatewayClassName, g.Spec.Listeners[0].Port, *g.Spec.Listeners[0].Hostname, g.Spec.Listeners[0].TLS.CertificateRefs[0].Name, g.Status.Addresses[0].Value, g.Status.Listeners[0].AttachedRoutes}
				})
			}, "gke-l7-rilb 443 shop.acme.example tls 10.0.0.5 2",
		},
		"HTTPRoutes": {
			"/apis/gateway.networking.k8s.io/v1/httproutes", "container.thirdPartyObjects.list", true,
			`{` + metadata + `"spec":{"parentRefs":[{"name":"edge","namespace":"infra"}],"hostnames":["shop.acme.example"],"rules":[{"matches":[{"path":{"type":"PathPrefix","value":"/"}}],"backendRefs":[{"name":"web","port":80,"weight":1}]}]},
				"status":{"parents":[{"parentRef":{"name":"edge"},"controllerName":"networking.gke.io/gateway","conditions":[{"type":"Accepted","status":"False","reason":"NotAllowedByListeners","message":"","lastTransitionTime":"2026-11-16T08:00:00Z"}]}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.HTTPRoutes(ctx), func(r *gatewayv1.HTTPRoute) []any {
					return []any{r.Spec.ParentRefs[0].Name, r.Spec.Hostnames, *r.Spec.Rules[0].Matches[0].Path.Value, *r.Spec.Rules[0].BackendRefs[0].Port, r.Status.Parents[0].Conditions[0].Reason}
				})
			}, "edge [shop.acme.example] / 80 NotAllowedByListeners",
		},
		"ReferenceGrants": {
			"/apis/gateway.networking.k8s.io/v1beta1/referencegrants", "container.thirdPartyObjects.list", true,
			`{` + metadata + `"spec":{"from":[{"group":"gateway.networking.k8s.io","kind":"HTTPRoute","namespace":"infra"}],"to":[{"group":"","kind":"Service","name":"web"}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.ReferenceGrants(ctx), func(g *gatewayv1beta1.ReferenceGrant) []any {
					return []any{g.Spec.From[0].Namespace, g.Spec.To[0].Kind, *g.Spec.To[0].Name}
				})
			}, "infra Service web",
		},
		"GCPBackendPolicies": {
			"/apis/networking.gke.io/v1/namespaces/shop/gcpbackendpolicies", "container.thirdPartyObjects.list", true,
			`{` + metadata + `"spec":{"targetRef":{"group":"","kind":"Service","name":"web"},"default":{"timeoutSec":40,"securityPolicy":"edge","logging":{"enabled":true,"sampleRate":500000}}},
				"status":{"conditions":[{"type":"Attached","status":"True","reason":"Attached","message":"","lastTransitionTime":"2026-11-16T08:00:00Z"}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.GCPBackendPolicies(ctx, "shop"), func(p *facts.GCPBackendPolicy) []any {
					return []any{p.Spec.TargetRef.Name, *p.Spec.Default.TimeoutSec, p.Spec.Default.SecurityPolicy, *p.Spec.Default.Logging.SampleRate, p.Status.Conditions[0].Type}
				})
			}, "web 40 edge 500000 Attached",
		},
		"HealthCheckPolicies": {
			"/apis/networking.gke.io/v1/namespaces/shop/healthcheckpolicies", "container.thirdPartyObjects.list", true,
			`{` + metadata + `"spec":{"targetRef":{"group":"","kind":"Service","name":"web"},"default":{"checkIntervalSec":15,"logConfig":{"enabled":true},"config":{"type":"HTTP","httpHealthCheck":{"requestPath":"/healthz","port":8080,"portSpecification":"USE_FIXED_PORT"}}}},
				"status":{"ancestors":[{"conditions":[{"type":"Accepted","status":"False","reason":"Conflicted","message":"","lastTransitionTime":"2026-11-16T08:00:00Z"}]}]}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.HealthCheckPolicies(ctx, "shop"), func(p *facts.HealthCheckPolicy) []any {
					d := p.Spec.Default
					return []any{*d.CheckIntervalSec, d.LogConfig.Enabled, d.Config.HTTP.RequestPath, *d.Config.HTTP.Port, p.Status.Ancestors[0].Conditions[0].Reason}
				})
			}, "15 true /healthz 8080 Conflicted",
		},
		"GCPGatewayPolicies": {
			"/apis/networking.gke.io/v1/namespaces/shop/gcpgatewaypolicies", "container.thirdPartyObjects.list", true,
			`{` + metadata + `"spec":{"targetRef":{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"edge"},"default":{"sslPolicy":"modern","allowGlobalAccess":true}}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.GCPGatewayPolicies(ctx, "shop"), func(p *facts.GCPGatewayPolicy) []any {
					return []any{p.Spec.TargetRef.Kind, p.Spec.Default.SSLPolicy, p.Spec.Default.AllowGlobalAccess}
				})
			}, "Gateway modern true",
		},
		"PeerAuthentications": {
			"/apis/security.istio.io/v1/peerauthentications", "container.thirdPartyObjects.list", true,
			`{` + metadata + `"spec":{"selector":{"matchLabels":{"app":"web"}},"mtls":{"mode":"STRICT"},"portLevelMtls":{"8080":{"mode":"DISABLE"}}}}`,
			func(ctx context.Context, c *kube.Cluster) (string, bool, error) {
				return first(c.PeerAuthentications(ctx), func(p *facts.PeerAuthentication) []any {
					return []any{p.Spec.Selector.MatchLabels["app"], p.Spec.MTLS.Mode, p.Spec.PortLevelMTLS["8080"].Mode}
				})
			}, "web STRICT DISABLE",
		},
	}
}
