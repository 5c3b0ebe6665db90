package signal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

const (
	resourceName = "protoPayload/resourceName"
	principal    = "protoPayload/authenticationInfo/principalEmail"
)

func TestIngressPatch(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "ingress-patch"), trigger)
	want := &signal.Change{
		By:        "dana@acme.example",
		Caller:    "kubectl/v1.33.2 (linux/amd64) kubernetes/…",
		Method:    "io.k8s.networking.v1.ingresses.patch",
		Verb:      "patch",
		Resource:  "networking.k8s.io/v1/namespaces/shop/ingresses/storefront",
		Operation: "0c8f9a3e-1f5b-4b1d-8f6d-5a2f0c7f1c11",
		First:     true,
		Last:      true,
	}
	if diff := cmp.Diff(want, s.Change, cmpopts.IgnoreFields(signal.Change{}, "Request", "Response")); diff != "" {
		t.Errorf("Change (-want +got):\n%s", diff)
	}
	if s.Kind != signal.ObjectChanged || s.Target != clusterObject("Ingress", "shop", "storefront") {
		t.Errorf("%s of %+v", s.Kind, s.Target)
	}
}

// call is a write to one object; body goes into request and response.
func call(methodName, resource, body string) []edit {
	edits := []edit{
		{method, `"` + methodName + `"`},
		{resourceName, `"` + resource + `"`},
		{"protoPayload/request", ""},
		{"protoPayload/response", ""},
	}
	if body != "" {
		edits = append(edits, edit{"protoPayload/request", body}, edit{"protoPayload/response", body})
	}
	return edits
}

func TestKubernetesWrites(t *testing.T) {
	t.Parallel()
	const ns = "/namespaces/shop/"
	for _, tc := range []struct {
		method, resource, body string
		parse, history         string
		want                   facts.Ref
	}{
		{"io.k8s.networking.v1.ingresses.create", "networking.k8s.io/v1" + ns + "ingresses/storefront", "", trigger, trigger, clusterObject("Ingress", "shop", "storefront")},
		{"io.k8s.networking.v1.ingresses.update", "networking.k8s.io/v1" + ns + "ingresses/storefront", "", trigger, trigger, clusterObject("Ingress", "shop", "storefront")},
		{"io.k8s.networking.v1.ingresses.delete", "networking.k8s.io/v1" + ns + "ingresses/storefront", `{"@type":"core.k8s.io/v1.Status","status":"Success"}`, trigger, trigger, clusterObject("Ingress", "shop", "storefront")},
		{"io.k8s.extensions.v1beta1.ingresses.patch", "extensions/v1beta1" + ns + "ingresses/storefront", "", trigger, trigger, clusterObject("Ingress", "shop", "storefront")},
		{"io.k8s.core.v1.services.update", "core/v1" + ns + "services/web", "", trigger, trigger, clusterObject("Service", "shop", "web")},
		{"io.k8s.networking.gateway.v1.gateways.patch", "gateway.networking.k8s.io/v1" + ns + "gateways/edge", "", trigger, trigger, clusterObject("Gateway", "shop", "edge")},
		{"io.k8s.networking.v1.ingresses.deletecollection", "networking.k8s.io/v1" + ns + "ingresses", "", ignored, trigger, clusterObject("Ingress", "shop", "")},
		{"com.google.cloud.v1.backendconfigs.update", "cloud.google.com/v1" + ns + "backendconfigs/web", "", trigger, trigger, clusterObject("BackendConfig", "shop", "web")},
		{"io.gke.networking.v1beta1.frontendconfigs.update", "networking.gke.io/v1beta1" + ns + "frontendconfigs/web", "", trigger, trigger, clusterObject("FrontendConfig", "shop", "web")},
		{"io.gke.networking.v1.managedcertificates.create", "networking.gke.io/v1" + ns + "managedcertificates/web", "", ignored, trigger, clusterObject("ManagedCertificate", "shop", "web")},
		{"io.gke.networking.v1.healthcheckpolicies.patch", "networking.gke.io/v1" + ns + "healthcheckpolicies/web", "", ignored, trigger, clusterObject("HealthCheckPolicy", "shop", "web")},
		{"io.k8s.networking.gateway.v1.httproutes.patch", "gateway.networking.k8s.io/v1" + ns + "httproutes/web", "", ignored, trigger, clusterObject("HTTPRoute", "shop", "web")},
		{"io.k8s.core.v1.configmaps.update", "core/v1" + ns + "configmaps/argocd-cmd-params-cm", "", ignored, trigger, clusterObject("ConfigMap", "shop", "argocd-cmd-params-cm")},
		{"io.k8s.networking.v1.networkpolicies.create", "networking.k8s.io/v1" + ns + "networkpolicies/deny-all", "", ignored, trigger, clusterObject("NetworkPolicy", "shop", "deny-all")},
		{"io.gke.networking.v1.gcpbackendpolicies.patch", "networking.gke.io/v1" + ns + "gcpbackendpolicies/web", "", ignored, trigger, clusterObject("GCPBackendPolicy", "shop", "web")},
		{"io.k8s.apps.v1.statefulsets.patch", "apps/v1" + ns + "statefulsets/web", "", ignored, trigger, clusterObject("StatefulSet", "shop", "web")},
		{"io.k8s.apps.v1.deployments.patch", "apps/v1" + ns + "deployments/web", "", ignored, trigger, clusterObject("Deployment", "shop", "web")},
		{"io.k8s.apps.v1.deployments.scale.update", "apps/v1" + ns + "deployments/web/scale", `{"@type":"autoscaling.k8s.io/v1.Scale"}`, ignored, trigger, clusterObject("Deployment", "shop", "web")},
		{"io.k8s.core.v1.pods.delete", "core/v1" + ns + "pods/web-1", "", ignored, trigger, clusterObject("Pod", "shop", "web-1")},
		{"io.k8s.core.v1.pods.eviction.create", "core/v1" + ns + "pods/web-1/eviction", `{"@type":"policy.k8s.io/v1.Eviction"}`, ignored, trigger, clusterObject("Pod", "shop", "web-1")},
		{"io.k8s.core.v1.namespaces.delete", "core/v1/namespaces/shop", `{"@type":"core.k8s.io/v1.Namespace"}`, ignored, trigger, clusterObject("Namespace", "", "shop")},
		{"io.argoproj.v1alpha1.rollouts.patch", "argoproj.io/v1alpha1" + ns + "rollouts/web", `{"@type":"argoproj.io/v1alpha1.Rollout"}`, ignored, trigger, clusterObject("Rollout", "shop", "web")},
		{"io.argoproj.v1alpha1.rollouts.patch", "argoproj.io/v1alpha1" + ns + "rollouts/web", `{"kind":"Rollout"}`, ignored, trigger, clusterObject("Rollout", "shop", "web")},
		{"io.argoproj.v1alpha1.rollouts.patch", "argoproj.io/v1alpha1" + ns + "rollouts/web", `{"@type":"argoproj.io/v1alpha1.Patch"}`, ignored, trigger, clusterObject("rollouts", "shop", "web")},
		// A generated name is in the answer; a patch says nothing by its body.
		{"io.k8s.networking.v1.ingresses.create", "networking.k8s.io/v1" + ns + "ingresses", `{"metadata":{"name":"storefront-x7"}}`, trigger, trigger, clusterObject("Ingress", "shop", "storefront-x7")},
		{"io.k8s.networking.v1.ingresses.create", "networking.k8s.io/v1" + ns + "ingresses", "", unparsable, unparsable, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.patch", "networking.k8s.io/v1" + ns + "ingresses", `{"metadata":{"name":"storefront"}}`, unparsable, unparsable, facts.Ref{}},
		// Reads, status, and what components tell each other.
		{"io.k8s.networking.v1.ingresses.get", "networking.k8s.io/v1" + ns + "ingresses/storefront", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.list", "networking.k8s.io/v1" + ns + "ingresses", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.watch", "networking.k8s.io/v1" + ns + "ingresses", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.status.update", "networking.k8s.io/v1" + ns + "ingresses/storefront/status", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.status.patch", "networking.k8s.io/v1" + ns + "ingresses/storefront/status", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.core.v1.pods.exec.create", "core/v1" + ns + "pods/web-1/exec", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.coordination.v1.leases.update", "coordination.k8s.io/v1/namespaces/kube-system/leases/ingress-gce-lock", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.core.v1.endpoints.update", "core/v1" + ns + "endpoints/web", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.discovery.v1.endpointslices.update", "discovery.k8s.io/v1" + ns + "endpointslices/web-1", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.core.v1.events.create", "core/v1" + ns + "events/web.187a", "", ignored, ignored, facts.Ref{}},
		{"io.k8s.post", "livez", "", ignored, ignored, facts.Ref{}},
		// Others have Gateways, Services and Ingresses too.
		{"io.istio.networking.v1.gateways.patch", "networking.istio.io/v1" + ns + "gateways/edge", "", ignored, ignored, facts.Ref{}},
		{"dev.knative.serving.v1.services.patch", "serving.knative.dev/v1" + ns + "services/web", "", ignored, ignored, facts.Ref{}},
		// Method and resource that contradict each other, or say too little.
		{"io.k8s.networking.v1.ingresses.patch", "core/v1" + ns + "services/web", "", unparsable, unparsable, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.patch", "networking.k8s.io/v1/ingresses/storefront", "", unparsable, unparsable, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.patch", "networking.k8s.io/v1/namespaces/ingresses", "", unparsable, unparsable, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.patch", "networking.k8s.io/v1" + ns + "ingresses/a b", "", unparsable, unparsable, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.patch", "networking.k8s.io/v1/namespaces/a b/ingresses/storefront", "", unparsable, unparsable, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.patch", "storefront", "", unparsable, unparsable, facts.Ref{}},
		{"io.k8s.networking.v1.ingresses.patch", "", "", unparsable, unparsable, facts.Ref{}},
		{"io.k8s.core.v1.services.patch", "core/v1" + ns + "services/web", `{"metadata":"web"}`, unparsable, unparsable, facts.Ref{}},
	} {
		t.Run(tc.method+" of "+tc.resource, func(t *testing.T) {
			t.Parallel()
			raw := entry(t, "ingress-patch", call(tc.method, tc.resource, tc.body)...)
			s := wantOutcome(t, raw, tc.parse)
			if tc.parse == trigger && s.Target != tc.want {
				t.Errorf("Parse: Target = %+v, want %+v", s.Target, tc.want)
			}
			s, err := signal.ParseHistory(raw)
			if got := outcome(err); got != tc.history {
				t.Fatalf("ParseHistory: %s (%v), want %s", got, err, tc.history)
			}
			if s.Target != tc.want {
				t.Errorf("ParseHistory: Target = %+v, want %+v", s.Target, tc.want)
			}
		})
	}
}

func TestKubernetesAuditOutcomes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		edits          []edit
		parse, history string
	}{
		"a dry run":                            {[]edit{{"labels/command.gke.io~dryRun", `"true"`}}, ignored, ignored},
		"not a dry run":                        {[]edit{{"labels/command.gke.io~dryRun", `"false"`}}, trigger, trigger},
		"a forbidden call":                     {[]edit{{"labels/authorization.k8s.io~decision", `"forbid"`}}, ignored, ignored},
		"a failed call":                        {[]edit{{"protoPayload/status", `{"code":7,"message":"Forbidden"}`}}, ignored, ignored},
		"a failed call, code omitted":          {[]edit{{"protoPayload/response", `{"@type":"core.k8s.io/v1.Status","status":"Failure","code":409}`}}, ignored, ignored},
		"the ingress controller":               {[]edit{{principal, `"system:controller:glbc"`}}, ignored, trigger},
		"a controller of kube-system":          {[]edit{{principal, `"system:serviceaccount:kube-system:service-controller"`}}, ignored, trigger},
		"GKE's service agent":                  {[]edit{{principal, `"service-123456789012@container-engine-robot.iam.gserviceaccount.com"`}}, ignored, trigger},
		"Argo CD":                              {[]edit{{principal, `"system:serviceaccount:argocd:argocd-application-controller"`}}, trigger, trigger},
		"no cluster in the labels":             {[]edit{{"resource/labels/cluster_name", ""}}, unparsable, unparsable},
		"labels of the wrong type":             {[]edit{{"resource/labels/location", `7`}}, unparsable, unparsable},
		"entry labels of the wrong type":       {[]edit{{"labels", `"allow"`}}, unparsable, unparsable},
		"a resource of the wrong type":         {[]edit{{"resource", `"k8s_cluster"`}}, unparsable, unparsable},
		"a response of the wrong type":         {[]edit{{"protoPayload/response", `[1]`}}, unparsable, unparsable},
		"a Status whose status is no text":     {[]edit{{"protoPayload/response", `{"@type":"core.k8s.io/v1.Status","status":{}}`}}, unparsable, unparsable},
		"a part of a split entry, no identity": {[]edit{{"protoPayload", `{"@type":"type.googleapis.com/google.cloud.audit.AuditLog"}`}, {"split", `{"uid":"7f3a","index":1}`}}, ignored, ignored},
		"no service name":                      {[]edit{{"protoPayload/serviceName", ""}}, trigger, trigger},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := entry(t, "ingress-patch", tc.edits...)
			wantOutcome(t, raw, tc.parse)
			if _, err := signal.ParseHistory(raw); outcome(err) != tc.history {
				t.Errorf("ParseHistory: %v, want %s", err, tc.history)
			}
		})
	}
}

func TestControllerIsSaidInHistory(t *testing.T) {
	t.Parallel()
	s, err := signal.ParseHistory(entry(t, "ingress-patch", edit{principal, `"system:controller:glbc"`}))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Change.Controller || s.Change.By != "system:controller:glbc" {
		t.Errorf("By %q, Controller %t", s.Change.By, s.Change.Controller)
	}
}

func TestSecretsKeepNoContent(t *testing.T) {
	t.Parallel()
	s, err := signal.ParseHistory(entry(t, "ingress-patch", call("io.k8s.core.v1.secrets.update", "core/v1/namespaces/shop/secrets/tls", `{"data":{"tls.key":"aGVsbG8="}}`)...))
	if err != nil {
		t.Fatal(err)
	}
	if s.Target != clusterObject("Secret", "shop", "tls") || s.Change.Request != nil || s.Change.Response != nil {
		t.Errorf("Target %+v, request %s, response %s; want neither", s.Target, s.Change.Request, s.Change.Response)
	}
}
