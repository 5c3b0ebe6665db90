package signal

import "strings"

// A CallerKind is the sort of tool that made a write.
type CallerKind string

// The callers that are told apart. GKE is a controller of GKE's, whatever its user
// agent; OtherCaller is everything else, a script or an SDK.
const (
	Console         CallerKind = "console"
	Gcloud          CallerKind = "gcloud"
	Kubectl         CallerKind = "kubectl"
	Terraform       CallerKind = "terraform"
	ConfigConnector CallerKind = "config-connector"
	ArgoCD          CallerKind = "argo-cd"
	Flux            CallerKind = "flux"
	Helm            CallerKind = "helm"
	GKE             CallerKind = "gke"
	OtherCaller     CallerKind = "other"
)

// Word names the tool to people; empty for a caller that isn't known.
func (k CallerKind) Word() string {
	switch k {
	case Console:
		return "the console"
	case Gcloud, Kubectl:
		return string(k)
	case Terraform:
		return "Terraform"
	case ConfigConnector:
		return "Config Connector"
	case ArgoCD:
		return "Argo CD"
	case Flux:
		return "Flux"
	case Helm:
		return "Helm"
	case GKE:
		return "a controller of GKE's"
	case OtherCaller:
	}
	return ""
}

// Reverts reports a tool that writes the same again from its own source, so that a
// fix by hand doesn't last.
func (k CallerKind) Reverts() bool {
	switch k {
	case Terraform, ConfigConnector, ArgoCD, Flux:
		return true
	case Console, Gcloud, Kubectl, Helm, GKE, OtherCaller:
	}
	return false
}

// CallerKind tells the tool by its principal, where that is the tool's own, else by
// its user agent. A user agent is what the caller says of itself: it tells how a
// change was made, never who made it.
func (c *Change) CallerKind() CallerKind {
	if c.Controller {
		return GKE
	}
	if k := serviceAccountKind(c.By); k != "" {
		return k
	}
	return agentKind(c.Caller)
}

// serviceAccountKind knows the service accounts under which the tools run in a
// cluster by default.
func serviceAccountKind(by string) CallerKind {
	account, ok := strings.CutPrefix(by, "system:serviceaccount:")
	if !ok {
		return ""
	}
	namespace, name, _ := strings.Cut(account, ":")
	switch {
	case strings.HasPrefix(name, "argocd-") || strings.HasPrefix(name, "argo-cd-"):
		return ArgoCD
	case namespace == "flux-system" && isFluxController(name):
		return Flux
	case namespace == "cnrm-system":
		return ConfigConnector
	}
	return ""
}

func isFluxController(name string) bool {
	return name == "kustomize-controller" || name == "helm-controller"
}

// agentKind reads a user agent. Config Connector embeds Terraform's provider, and
// gcloud is a Python program that says so: the order matters.
func agentKind(agent string) CallerKind {
	product, _, _ := strings.Cut(agent, "/")
	switch {
	case agent == "":
		return OtherCaller
	case strings.Contains(agent, "kcc/") || strings.Contains(agent, "cnrm/") || strings.HasPrefix(agent, "cnrm"):
		return ConfigConnector
	case strings.Contains(agent, "Terraform/") || strings.Contains(agent, "terraform-provider-") || strings.Contains(agent, "OpenTofu/"):
		return Terraform
	case strings.Contains(agent, "gcloud/") || strings.Contains(agent, "command/gcloud."), strings.Contains(agent, "gcloud.compute."), strings.Contains(agent, "gcloud.container."):
		return Gcloud
	case strings.HasPrefix(product, "argocd-") || product == "argocd" || product == "argo-cd":
		return ArgoCD
	case isFluxController(product):
		return Flux
	case product == "Helm" || product == "helm":
		return Helm
	case product == "kubectl" || strings.HasPrefix(product, "kubectl-") || product == "kubectl.exe":
		return Kubectl
	case product == "Mozilla":
		return Console
	}
	return OtherCaller
}
