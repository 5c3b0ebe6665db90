package glbc

import (
	"regexp"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// longestIngress is how long namespace and name of an Ingress may be together in a
// name of the newer scheme; with prefix, kind and hashes that makes 63.
const longestIngress = 36

// FrontendNames are the names of the objects in front of the backend services of one
// Ingress (ingress-controller.md §6).
type FrontendNames struct {
	// V1: the older scheme, which names carry the ingress UID.
	V1 bool

	ForwardingRule, HTTPSForwardingRule string
	TargetProxy, HTTPSTargetProxy       string
	URLMap                              string
	// RedirectMap is empty in the older scheme, which has none.
	RedirectMap string
	// CertificatePrefix is what the names of the certificates made of Secrets begin
	// with; a hash of the certificate follows.
	CertificatePrefix string
	// StaticIP is the address that GLBC reserves itself where both protocols are
	// served: called like the HTTP forwarding rule.
	StaticIP string
}

// OldScheme reports that an Ingress's names are of the older scheme: its finalizer
// says so. One without finalizer gets the newer scheme, unless it has an address and
// a URL map of the old name from times without finalizers.
func OldScheme(ing *networkingv1.Ingress) bool {
	return slices.Contains(ing.Finalizers, FinalizerV1) && !slices.Contains(ing.Finalizers, FinalizerV2)
}

// NamesOf are the names that GLBC gives the frontend of an Ingress. kubeUID is the
// UID of the namespace kube-system (newer scheme), ingressUID the cluster's ingress
// UID, which may be empty on old clusters (older scheme).
func NamesOf(ing *networkingv1.Ingress, kubeUID, ingressUID string) FrontendNames {
	if OldScheme(ing) {
		return oldNames(ing.Namespace, ing.Name, ingressUID)
	}
	return newNames(ing.Namespace, ing.Name, kubeUID)
}

func newNames(namespace, name, kubeUID string) FrontendNames {
	c8 := ContentHash(kubeUID, 8)
	parts := trimmed([]string{namespace, name}, longestIngress)
	lb := c8 + "-" + parts[0] + "-" + parts[1] + "-" + ContentHash(kubeUID+";"+namespace+";"+name, 8)
	of := func(kind string) string { return "k8s2-" + kind + "-" + lb }
	return FrontendNames{
		ForwardingRule: of("fr"), HTTPSForwardingRule: of("fs"),
		TargetProxy: of("tp"), HTTPSTargetProxy: of("ts"),
		URLMap: of("um"), RedirectMap: of("rm"),
		CertificatePrefix: "k8s2-cr-" + c8 + "-" + ContentHash(lb, 16) + "-",
		StaticIP:          of("fr"),
	}
}

func oldNames(namespace, name, ingressUID string) FrontendNames {
	lb := cut(withUID(namespace+"-"+name, ingressUID))
	of := func(kind string) string { return cut("k8s-" + kind + "-" + lb) }
	return FrontendNames{
		V1:             true,
		ForwardingRule: of("fw"), HTTPSForwardingRule: of("fws"),
		TargetProxy: of("tp"), HTTPSTargetProxy: of("tps"),
		URLMap:            of("um"),
		CertificatePrefix: "k8s-ssl-" + hexHash(lb, 16) + "-",
		StaticIP:          of("fw"),
	}
}

// CertificateName is the name of the certificate that GLBC makes of the tls.crt of
// a Secret. The older scheme adds the ingress UID.
func (n FrontendNames) CertificateName(crt, ingressUID string) string {
	name := n.CertificatePrefix + hexHash(crt, 16)
	if n.V1 {
		return cut(withUID(name, ingressUID))
	}
	return name
}

// withUID appends the ingress UID as the older scheme does.
func withUID(name, uid string) string {
	if uid == "" {
		return name
	}
	return name + "--" + uid
}

// cut shortens a name of the older scheme to Compute's 63 characters; the last one
// is a 0, so that it isn't a dash.
func cut(name string) string {
	const longest = 62
	if len(name) > longest {
		return name[:longest] + "0"
	}
	return name
}

var computeName = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)

// Valid reports that Compute accepts the names; GLBC builds nothing for an Ingress
// whose name has dots (ingress-controller.md §1.1, bad-lb-name).
func (n FrontendNames) Valid() bool { return computeName.MatchString(n.URLMap) }

// IngressUID is the cluster's ingress UID, from the ConfigMap
// kube-system/ingress-uid; empty when it isn't known.
func IngressUID(s *facts.Snapshot) string {
	cm, ok := s.ConfigMaps["kube-system/ingress-uid"].Get()
	if !ok {
		return ""
	}
	parts := strings.Split(cm.Data["uid"], "--")
	return parts[len(parts)-1]
}
