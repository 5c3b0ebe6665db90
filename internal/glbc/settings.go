package glbc

import (
	"encoding/json"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
)

const (
	// IngressUIDConfigMap holds the UIDs that are in the names of Compute objects
	// (ingress-controller.md §6).
	IngressUIDConfigMap = "kube-system/ingress-uid"
	// L7RulePrefix begins the name of the cluster's firewall rule for the probers; the
	// firewall UID follows (ingress-controller.md §1.8).
	L7RulePrefix = "k8s-fw-l7--"
)

// AddonDisabled reports that the cluster's HTTP load balancing add-on is off; an
// absent object means that it is on (gcp-facts.md §2.1).
func AddonDisabled(c *container.Cluster) bool {
	return c.AddonsConfig != nil && c.AddonsConfig.HttpLoadBalancing != nil && c.AddonsConfig.HttpLoadBalancing.Disabled
}

// EnforcesPolicies reports that the cluster enforces NetworkPolicies
// (cause-catalogue.md, network/network-policy-denies).
func EnforcesPolicies(c *container.Cluster) bool {
	if c.NetworkPolicy != nil && c.NetworkPolicy.Enabled {
		return true
	}
	return c.NetworkConfig != nil && c.NetworkConfig.DatapathProvider == "ADVANCED_DATAPATH"
}

// NamesBackendConfig reports that a Service asks for a BackendConfig, by either
// annotation (ingress-controller.md §3).
func NamesBackendConfig(svc *corev1.Service) bool {
	return svc.Annotations["cloud.google.com/backend-config"] != "" || svc.Annotations["beta.cloud.google.com/backend-config"] != ""
}

// MeshNamespace is the root namespace of Istio, whose PeerAuthentications hold for the
// whole mesh.
const MeshNamespace = "istio-system"

// InMesh reports that a pod has an Istio sidecar, as a container or as a native one.
func InMesh(pod *corev1.Pod) bool {
	isProxy := func(c corev1.Container) bool { return c.Name == "istio-proxy" }
	return slices.ContainsFunc(pod.Spec.Containers, isProxy) || slices.ContainsFunc(pod.Spec.InitContainers, isProxy)
}

// DescribesIngress reports that GLBC wrote a forwarding rule's or target proxy's
// description for an Ingress of this name, of this cluster or another
// (ingress-controller.md §6).
func DescribesIngress(description, namespace, name string) bool {
	var d struct {
		Ingress string `json:"kubernetes.io/ingress-name"`
	}
	return json.Unmarshal([]byte(description), &d) == nil && d.Ingress == namespace+"/"+name
}

// NamespacesOf are the namespaces of the Services that a backend service stands for:
// its description's, and those of its NEGs.
func NamespacesOf(s *facts.Snapshot, bs *computepb.BackendService) []string {
	var list []string
	if d, ok := ParseDescription(bs.GetDescription()); ok {
		list = append(list, d.Namespace)
	}
	for _, backend := range bs.GetBackends() {
		neg, ok := NEGOf(s, backend.GetGroup())
		if !ok {
			continue
		}
		if d, ok := ParseNEGDescription(neg.GetDescription()); ok && !slices.Contains(list, d.Namespace) {
			list = append(list, d.Namespace)
		}
	}
	return list
}
