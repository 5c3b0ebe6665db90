package chat_test

import (
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/history"
	"plumbline/internal/incident"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

const (
	shop  = "projects/shop-prod/locations/europe-west1/clusters/prod-eu"
	pages = "https://example.com/plumbline/causes"
)

func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", "2026-03-12 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

func ref(kind, namespace, name string) facts.Ref {
	return facts.Ref{Cluster: shop, Kind: kind, Namespace: namespace, Name: name}
}

func opened(f cause.Finding, d engine.Diagnosis) incident.Notice {
	d.Verdict, d.Roots = engine.RootCause, []cause.Finding{f}
	return incident.Notice{
		Reason: incident.Opened,
		Incident: incident.Incident{
			Key: incident.Key(string(f.Cause) + " " + f.Subject.String()), Cause: f.Cause, Subject: f.Subject, Affected: f.Affected,
			Headline: f.Headline, OpenedAt: d.At, Generation: 1,
		},
		Diagnosis: d, Finding: &f, At: d.At,
	}
}

// addonOff is the first seed incident: three Ingresses wait for a controller that
// was switched off.
func addonOff() incident.Notice {
	f := cause.Finding{
		Cause: "control/http-load-balancing-disabled", Subject: facts.ClusterRef(shop), Confidence: cause.Proven, Severity: cause.Blocked,
		Headline: "HTTP load balancing is off in cluster prod-eu: 3 Ingresses waiting for a load balancer that nobody builds",
		Summary:  "Without the add-on no controller builds or updates load balancers, and none is there to write an event about it.",
		Evidence: []cause.Evidence{
			{Source: "container.clusters.get", Says: "addonsConfig.httpLoadBalancing.disabled = true", Link: cause.ClusterLink(shop)},
			{Source: "container.ingresses.list", Says: "Ingress/argocd/argocd is GKE's (annotation kubernetes.io/ingress.class = gce) and has no address, no finalizer, no event (7 of other objects there)", Link: cause.ObjectLink(ref("Ingress", "argocd", "argocd"))},
		},
		Affected: []facts.Ref{ref("Ingress", "argocd", "argocd"), ref("Ingress", "shop", "api"), ref("Ingress", "shop", "web")},
		Hosts:    []string{"argocd.acme.example", "api.acme.example", "www.acme.example", "acme.example"},
		Impact:   "3 Ingresses without an address",
		Since:    at("09:12:40"),
		Change: &cause.Change{
			By: "dana@acme.example", At: at("09:12:40"), Method: "google.container.v1.ClusterManager.UpdateCluster",
			What: "addonsConfig.httpLoadBalancing.disabled", To: new("true"), Entry: "1k3v9xf1abcd",
		},
		Fix: cause.Fix{
			Summary:  "switch the add-on on; the controller then takes up every Ingress by itself",
			Commands: []string{"gcloud container clusters update prod-eu --project shop-prod --location europe-west1 --update-addons=HttpLoadBalancing=ENABLED"},
			Patches:  []cause.Patch{{File: "Terraform, google_container_cluster", YAML: "addons_config {\n  http_load_balancing {\n    disabled = false\n  }\n}\n"}},
			Caveat:   "where Terraform owns the cluster, change it there too, or the next apply switches it off again",
		},
	}
	return opened(f, engine.Diagnosis{
		Target: ref("Ingress", "argocd", "argocd"), At: at("09:48:03"),
		RuledOut: []engine.RuledOut{{ID: "ingress/class-not-served", Because: "annotation kubernetes.io/ingress.class = gce"}},
	})
}

// redirectToHTTPS is the second seed incident: pods are Ready, the load balancer's
// check gets a redirect.
func redirectToHTTPS() incident.Notice {
	f := cause.Finding{
		Cause: "health/redirect-to-https", Subject: ref("Deployment", "argocd", "argocd-server"), Confidence: cause.Proven, Severity: cause.Outage,
		Headline: "Argo CD answers the health check with a redirect to https; Google accepts only 200",
		Summary:  "The kubelet follows the redirect and calls the pods Ready; Google's check doesn't follow and calls them UNHEALTHY.",
		Evidence: []cause.Evidence{
			{Source: "compute.backendServices.getHealth", Says: "k8s1-5f0c1a2b-argocd-argocd-server-80-9d3e7c11: 3 of 3 endpoints UNHEALTHY", Link: cause.ComputeLink("projects/shop-prod/global/backendServices/k8s1-5f0c1a2b-argocd-argocd-server-80-9d3e7c11")},
			{Source: "compute.healthChecks.list", Says: "k8s1-5f0c1a2b-argocd-argocd-server-80-9d3e7c11 asks HTTP GET :8080/healthz, accepts only 200 and follows no redirect", Link: cause.ComputeLink("projects/shop-prod/global/healthChecks/k8s1-5f0c1a2b-argocd-argocd-server-80-9d3e7c11")},
			{Source: "container.pods.proxy", Says: "GET :8080/healthz → 307 to https://10.8.0.7:8080/healthz"},
			{Source: "container.pods.list", Says: "3 of 3 of their pods are Ready for the kubelet"},
			{Source: "pod argocd-server-6d8f-x2x7k", Says: "no --insecure in args, ARGOCD_SERVER_INSECURE not set, ConfigMap argocd-cmd-params-cm has no server.insecure"},
		},
		Contract: []cause.ContractRow{
			{Observer: "kubelet", Asked: "GET :8080/healthz", Got: "307→200  Ready"},
			{Observer: "Google LB", Asked: "GET :8080/healthz", Got: "307  UNHEALTHY", Differs: true},
			{Observer: "our probe", Asked: "the same, 14:06", Got: "307 → https"},
		},
		Affected: []facts.Ref{ref("Ingress", "argocd", "argocd")},
		Hosts:    []string{"argocd.acme.example"},
		Impact:   "3 of 3 endpoints unhealthy, so the load balancer answers 502 or 503 for this Service",
		Since:    at("14:01:07"),
		Change: &cause.Change{
			By: "argocd-sync@shop-prod.iam.gserviceaccount.com", At: at("13:58:02"), Method: "io.k8s.core.v1.configmaps.patch",
			What: "argocd-cmd-params-cm server.insecure", From: new("true"), Removed: true, Entry: "5e0d6f2a-77aa",
		},
		Fix: cause.Fix{
			Summary: `set server.insecure: "true" in ConfigMap argocd-cmd-params-cm and restart the pods: the load balancer ends TLS, Argo CD serves plain HTTP behind it`,
			Commands: []string{
				`kubectl patch configmap argocd-cmd-params-cm -n argocd --type merge -p '{"data":{"server.insecure":"true"}}' && kubectl rollout restart deployment/argocd-server -n argocd`,
			},
			Patches: []cause.Patch{{
				File: "ConfigMap argocd/argocd-cmd-params-cm",
				YAML: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cmd-params-cm\n  namespace: argocd\ndata:\n  server.insecure: \"true\"\n",
			}},
			Caveat: "changing the path alone does not help: every path redirects",
		},
	}
	return opened(f, engine.Diagnosis{
		Target: ref("Ingress", "argocd", "argocd"), At: at("14:06:30"),
		RuledOut: []engine.RuledOut{
			{ID: "control/http-load-balancing-disabled", Because: "the add-on HTTP load balancing is on (container.clusters.get)"},
			{ID: "ingress/service-type-needs-neg", Because: "every Service has a node port or asks for NEGs"},
		},
		Gaps: []engine.Gap{{Needs: "compute.firewalls.list", Err: "403 PERMISSION_DENIED", Hides: []cause.ID{"network/firewall-rule-denies"}}},
	})
}

// noCause is an unhealthy backend that no known cause explains.
func noCause() incident.Notice {
	target := ref("Ingress", "shop", "web")
	group := facts.Ref{Project: "shop-prod", Scope: "global", Kind: facts.KindBackendService, Name: "k8s1-5f0c1a2b-shop-web-80-1b2c3d4e"}
	d := engine.Diagnosis{
		Target: target, At: at("18:22:00"), Verdict: engine.Unexplained,
		Symptoms: []cause.Symptom{
			{ID: cause.BackendUnhealthy, Subject: ref("Service", "shop", "web"), Since: at("18:09:31"), Says: "2 of 3 endpoints of Service shop/web are UNHEALTHY", Objects: []facts.Ref{group}},
		},
		Checked: []cause.Evidence{
			{Source: "container.services.list", Says: "Service shop/web port 80 → targetPort http", Link: cause.ObjectLink(ref("Service", "shop", "web"))},
			{Source: "container.pods.list", Says: "3 of 3 pods of Service shop/web are Ready"},
			{Source: "compute.healthChecks.list", Says: group.Name + " asks HTTP / and wants exactly 200", Link: cause.ComputeLink("projects/shop-prod/global/healthChecks/" + group.Name)},
			{Source: "compute.firewalls.list", Says: "k8s-fw-l7--5f0c1a2b lets 130.211.0.0/22 and 35.191.0.0/16 reach the pods"},
		},
		RuledOut: []engine.RuledOut{
			{ID: "control/http-load-balancing-disabled", Because: "the add-on HTTP load balancing is on (container.clusters.get)"},
			{ID: "ingress/service-type-needs-neg", Because: "every Service has a node port or asks for NEGs"},
		},
		Gaps: []engine.Gap{{Needs: "container.pods.proxy", Err: "403 PERMISSION_DENIED", Hides: []cause.ID{"health/redirect", "health/redirect-to-https"}}},
	}
	return incident.Notice{
		Reason: incident.Opened, At: d.At, Diagnosis: d,
		Incident: incident.Incident{
			Key: "symptom/backend-unhealthy " + incident.Key(target.String()), Cause: cause.BackendUnhealthy, Subject: target, Affected: []facts.Ref{target},
			Headline: d.Symptoms[0].Says, OpenedAt: d.At, Generation: 1,
		},
	}
}

// accused is noCause with changes that fit.
func accused() incident.Notice {
	n := noCause()
	n.Diagnosis.Open, n.Diagnosis.HistoryRead, n.Diagnosis.Suspects = n.Diagnosis.Symptoms, true, suspects()
	return n
}

func suspects() []history.Suspect {
	rule := facts.Ref{Project: "shop-prod", Scope: "global", Kind: facts.KindFirewallRule, Name: "k8s-fw-l7--5f0c1a2b"}
	return []history.Suspect{
		{
			Change: history.Change{
				By: "dana@acme.example", Caller: signal.Gcloud, At: at("18:06:20"), Method: "v1.compute.firewalls.patch", Object: rule, Entry: "e1",
				Fields: []history.Field{{Path: "disabled", To: new("true")}},
			},
			Station: path.Firewall, Lead: 191 * time.Second, Dated: true,
		},
		{
			Change: history.Change{
				By: "system:serviceaccount:argocd:argocd-application-controller", Caller: signal.ArgoCD, At: at("17:50:00"), Method: "io.k8s.apps.v1.deployments.patch",
				Object: ref("Deployment", "argocd", "argocd-server"), Entry: "e2",
				Fields: []history.Field{
					{Path: "spec.template.spec.containers[app].env[URL].value"},
					{Path: "spec.template.spec.containers[app].image", From: new("app:1"), To: new("app:2")},
					{Path: "spec.replicas", To: new("2")},
				},
			},
			Station: path.Pods, Lead: 19 * time.Minute, Dated: true,
		},
		{
			Change:  history.Change{By: "kim@acme.example", Caller: signal.OtherCaller, At: at("12:00:00"), Method: "io.k8s.core.v1.services.update", Object: ref("Service", "shop", "web"), Untold: true, Entry: "e3"},
			Station: path.Service, Lead: 6 * time.Hour, Dated: true,
		},
		{
			Change:  history.Change{Caller: signal.OtherCaller, At: at("11:00:00"), Method: "v1.compute.firewalls.delete", Object: rule, Deleted: true},
			Station: path.Firewall,
		},
	}
}

// over is the end of the second seed incident.
func over() incident.Notice {
	n := redirectToHTTPS()
	n.Reason, n.Finding, n.At = incident.Resolved, nil, at("14:24:41")
	n.Incident.ResolvedAt = n.At
	n.Incident.Posted = &incident.Posted{Channel: "C0DEMO", TS: "1773324390.000100", Digest: "before"}
	n.Diagnosis = engine.Diagnosis{Target: ref("Ingress", "argocd", "argocd"), At: n.At, Verdict: engine.Healthy}
	n.FixedBy = &cause.Change{
		By: "dana@acme.example", At: at("14:20:15"), Method: "io.k8s.core.v1.configmaps.patch",
		What: "argocd-cmd-params-cm server.insecure", To: new("true"), Entry: "5e0d6f2a-88bb",
	}
	return n
}
