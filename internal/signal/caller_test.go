package signal_test

import (
	"testing"

	"plumbline/internal/signal"
)

func TestCallersAreToldByPrincipalAndUserAgent(t *testing.T) {
	t.Parallel()
	const dana, pipeline = "dana@acme.example", "deploy@acme-prod.iam.gserviceaccount.com"
	for name, tc := range map[string]struct {
		change signal.Change
		want   signal.CallerKind
		word   string
	}{
		"the console's browser":                 {signal.Change{By: dana, Caller: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36,gzip(gfe)"}, signal.Console, "the console"},
		"gcloud":                                {signal.Change{By: dana, Caller: "google-cloud-sdk gcloud/538.0.0 command/gcloud.compute.firewall-rules.update invocation-id/5c1f environment/None interactive/True from-script/False python/3.12.8 (Linux 6.1),gzip(gfe)"}, signal.Gcloud, "gcloud"},
		"gcloud, shortened":                     {signal.Change{By: dana, Caller: "…gcloud.compute.firewall-rules.delete…"}, signal.Gcloud, "gcloud"},
		"kubectl":                               {signal.Change{By: dana, Caller: "kubectl/v1.33.2 (linux/amd64) kubernetes/a57b6f7"}, signal.Kubectl, "kubectl"},
		"a plugin of kubectl":                   {signal.Change{By: dana, Caller: "kubectl-argo-rollouts/v0.0.0 (darwin/arm64) kubernetes/$Format"}, signal.Kubectl, "kubectl"},
		"Terraform's Google provider":           {signal.Change{By: pipeline, Caller: "google-api-go-client/0.5 Terraform/1.9.8 (+https://www.terraform.io) Terraform-Plugin-SDK/2.34.0 terraform-provider-google/6.12.0,gzip(gfe)"}, signal.Terraform, "Terraform"},
		"Terraform's Kubernetes provider":       {signal.Change{By: pipeline, Caller: "HashiCorp/1.0 Terraform/1.9.8"}, signal.Terraform, "Terraform"},
		"OpenTofu":                              {signal.Change{By: pipeline, Caller: "google-api-go-client/0.5 OpenTofu/1.8.1 (+https://opentofu.org) terraform-provider-google/6.12.0"}, signal.Terraform, "Terraform"},
		"Config Connector, with Terraform's":    {signal.Change{By: pipeline, Caller: "google-api-go-client/0.5 Terraform/ (+https://www.terraform.io) kcc/controller-manager"}, signal.ConfigConnector, "Config Connector"},
		"Config Connector":                      {signal.Change{By: pipeline, Caller: "kcc/1.130.0 (+https://github.com/GoogleCloudPlatform/k8s-config-connector) kcc/controller-manager/1.130.0"}, signal.ConfigConnector, "Config Connector"},
		"Argo CD by its user agent":             {signal.Change{By: pipeline, Caller: "argocd-application-controller/v0.0.0 (linux/amd64) kubernetes/$Format"}, signal.ArgoCD, "Argo CD"},
		"Argo CD by its account":                {signal.Change{By: "system:serviceaccount:argocd:argocd-application-controller", Caller: "Go-http-client/2.0"}, signal.ArgoCD, "Argo CD"},
		"Argo CD's server":                      {signal.Change{By: "system:serviceaccount:gitops:argocd-server", Caller: "argocd-server/v2.13.1 (linux/amd64) kubernetes/$Format"}, signal.ArgoCD, "Argo CD"},
		"Flux":                                  {signal.Change{By: "system:serviceaccount:flux-system:kustomize-controller", Caller: "kustomize-controller/v1.4.0 (linux/amd64) kubernetes/$Format"}, signal.Flux, "Flux"},
		"Helm by hand":                          {signal.Change{By: dana, Caller: "Helm/3.16.3"}, signal.Helm, "Helm"},
		"GKE's service agent":                   {signal.Change{By: "service-123456789012@container-engine-robot.iam.gserviceaccount.com", Controller: true, Caller: "google-api-go-client/0.5"}, signal.GKE, "a controller of GKE's"},
		"GKE's controller with another's agent": {signal.Change{By: "system:controller:glbc", Controller: true, Caller: "kubectl/v1.33.2"}, signal.GKE, "a controller of GKE's"},
		"a script":                              {signal.Change{By: dana, Caller: "python-requests/2.32"}, signal.OtherCaller, ""},
		"no user agent":                         {signal.Change{By: dana}, signal.OtherCaller, ""},
		// Near misses.
		"an account that only sounds like Flux": {signal.Change{By: "system:serviceaccount:shop:source-controller", Caller: "controller/v0.0.0"}, signal.OtherCaller, ""},
		"an app in the namespace argocd":        {signal.Change{By: "system:serviceaccount:argocd:web", Caller: "web/v1"}, signal.OtherCaller, ""},
		"a client named after Terraform":        {signal.Change{By: dana, Caller: "my-terraform-wrapper/1.0"}, signal.OtherCaller, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tc.change.CallerKind(); got != tc.want || got.Word() != tc.word {
				t.Errorf("CallerKind = %q (%q), want %q (%q)", got, got.Word(), tc.want, tc.word)
			}
		})
	}
}

func TestToolsThatRevertAreThoseWithASourceOfTheirOwn(t *testing.T) {
	t.Parallel()
	for k, want := range map[signal.CallerKind]bool{
		signal.Terraform: true, signal.ConfigConnector: true, signal.ArgoCD: true, signal.Flux: true,
		signal.Helm: false, signal.Kubectl: false, signal.Gcloud: false, signal.Console: false, signal.GKE: false, signal.OtherCaller: false,
	} {
		if k.Reverts() != want {
			t.Errorf("%s.Reverts() = %v", k, k.Reverts())
		}
	}
}
