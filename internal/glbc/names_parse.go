package glbc

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

var errNoIngressUID = errors.New("the cluster's ingress UID (ConfigMap kube-system/ingress-uid) isn't known")

// A NameKind is what an object's name says that it is.
type NameKind string

// The kinds of names that GKE's Ingress and NEG controllers make
// (ingress-controller.md §6).
const (
	NameForwardingRule      NameKind = "HTTP forwarding rule"
	NameHTTPSForwardingRule NameKind = "HTTPS forwarding rule"
	NameTargetProxy         NameKind = "target HTTP proxy"
	NameHTTPSTargetProxy    NameKind = "target HTTPS proxy"
	NameURLMap              NameKind = "URL map"
	NameRedirectMap         NameKind = "redirect URL map"
	NameCertificate         NameKind = "certificate"
	// NameServicePort is a NEG, its backend service or its health check.
	NameServicePort NameKind = "Service port"
	// NameNodePort is a backend service or health check of an instance group.
	NameNodePort      NameKind = "node port"
	NameInstanceGroup NameKind = "instance group"
	NameFirewallRule  NameKind = "firewall rule"
	// NameL4 is an object of a Service of type LoadBalancer.
	NameL4                NameKind = "Service load balancer"
	NameServiceAttachment NameKind = "service attachment"
)

// A Name is what a name of the controllers' tells. Namespace and names may be
// trimmed and contain dashes, so they can't be read from it: OwnerOf compares.
type Name struct {
	Kind NameKind
	// ClusterHash is ContentHash of the UID of kube-system; empty in older schemes.
	ClusterHash string
	// UID is the cluster's ingress UID, or its start; empty where the name has none.
	UID string
	// Parts are namespace and names, joined and maybe trimmed.
	Parts string
	// Hash tells objects with the same trimmed parts apart.
	Hash string
	// NodePort is that of NameNodePort.
	NodePort int32
}

var (
	newFrontendName = regexp.MustCompile(`^k8s2-(fr|fs|tp|ts|um|rm)-([0-9a-z]{8})-(.+)-([0-9a-z]{8})$`)
	newCertName     = regexp.MustCompile(`^k8s2-cr-([0-9a-z]{8})-([0-9a-z]{16})-([0-9a-f]{16})$`)
	l4Name          = regexp.MustCompile(`^k8s2-(?:(?:tcp|udp)-)?([0-9a-z]{8})-(.+)-([0-9a-z]{8})$`)
	attachmentName  = regexp.MustCompile(`^k8s1-sa-([0-9a-z]{8})-(.+)-([0-9a-z]{8})$`)
	servicePortName = regexp.MustCompile(`^k8s1-([0-9a-z]{0,8})-(.+)-([0-9a-f]{8})$`)
	nodePortName    = regexp.MustCompile(`^k8s-be-(\d+)(?:--(.+))?$`)
	groupName       = regexp.MustCompile(`^k8s-ig(?:--(.+))?$`)
	firewallName    = regexp.MustCompile(`^k8s-fw-l7(?:--(.+))?$`)
	oldCertName     = regexp.MustCompile(`^k8s-ssl-([0-9a-f]{16}-[0-9a-f]{16})(?:--(.+))?$`)
	oldFrontendName = regexp.MustCompile(`^k8s-(fw|fws|tp|tps|um)-(.+)$`)
)

var frontendKinds = map[string]NameKind{
	"fr": NameForwardingRule, "fs": NameHTTPSForwardingRule, "tp": NameTargetProxy, "ts": NameHTTPSTargetProxy, "um": NameURLMap, "rm": NameRedirectMap,
	"fw": NameForwardingRule, "fws": NameHTTPSForwardingRule, "tps": NameHTTPSTargetProxy,
}

// ParseName reads an object's name; ok is false for names that the controllers don't
// make. `k8s-fw-…` of a Service of type LoadBalancer, which the older scheme spells
// like a forwarding rule, counts as one.
func ParseName(name string) (n Name, ok bool) {
	if m := newFrontendName.FindStringSubmatch(name); m != nil {
		return Name{Kind: frontendKinds[m[1]], ClusterHash: m[2], Parts: m[3], Hash: m[4]}, true
	}
	if m := newCertName.FindStringSubmatch(name); m != nil {
		return Name{Kind: NameCertificate, ClusterHash: m[1], Hash: m[2] + "-" + m[3]}, true
	}
	if m := l4Name.FindStringSubmatch(name); m != nil {
		return Name{Kind: NameL4, ClusterHash: m[1], Parts: m[2], Hash: m[3]}, true
	}
	if m := attachmentName.FindStringSubmatch(name); m != nil {
		return Name{Kind: NameServiceAttachment, ClusterHash: m[1], Parts: m[2], Hash: m[3]}, true
	}
	if m := servicePortName.FindStringSubmatch(name); m != nil {
		return Name{Kind: NameServicePort, UID: m[1], Parts: m[2], Hash: m[3]}, true
	}
	return parseOldName(name)
}

func parseOldName(name string) (n Name, ok bool) {
	if m := nodePortName.FindStringSubmatch(name); m != nil {
		port, err := strconv.ParseInt(m[1], 10, 32)
		return Name{Kind: NameNodePort, UID: m[2], NodePort: int32(port)}, err == nil
	}
	if m := groupName.FindStringSubmatch(name); m != nil {
		return Name{Kind: NameInstanceGroup, UID: m[1]}, true
	}
	if m := firewallName.FindStringSubmatch(name); m != nil {
		return Name{Kind: NameFirewallRule, UID: m[1]}, true
	}
	if m := oldCertName.FindStringSubmatch(name); m != nil {
		return Name{Kind: NameCertificate, Hash: m[1], UID: m[2]}, true
	}
	if m := oldFrontendName.FindStringSubmatch(name); m != nil {
		n = Name{Kind: frontendKinds[m[1]], Parts: m[2]}
		if i := strings.LastIndex(m[2], "--"); i >= 0 {
			n.Parts, n.UID = m[2][:i], m[2][i+2:]
		}
		return n, true
	}
	return Name{}, false
}

// ForeignTo reports that a name surely is another cluster's: its hash or UID differs
// from this cluster's. An empty UID is one that isn't known. Names of firewall rules
// carry a UID of their own and tell nothing.
func (n Name) ForeignTo(kubeUID, ingressUID string) bool {
	if n.ClusterHash != "" {
		return kubeUID != "" && n.ClusterHash != ContentHash(kubeUID, 8)
	}
	if n.Kind == NameFirewallRule || ingressUID == "" || n.UID == "" {
		return false
	}
	// A name that was cut ends with a 0 in place of what follows.
	return !strings.HasPrefix(ingressUID, n.UID) && !strings.HasPrefix(ingressUID, strings.TrimSuffix(n.UID, "0"))
}

// OwnerOf finds the Ingress or Service of a cluster that a name stands for, by making
// the names of all of them again (ingress-controller.md §6, mapping procedure). ok is
// false where none fits, or the UID that it takes isn't known.
func OwnerOf(s *facts.Snapshot, name string) (owner facts.Ref, ok bool) {
	n, ok := ParseName(name)
	if !ok {
		return facts.Ref{}, false
	}
	switch n.Kind {
	case NameServicePort, NameNodePort:
		return servicePortOf(s, name, n)
	case NameForwardingRule, NameHTTPSForwardingRule, NameTargetProxy, NameHTTPSTargetProxy, NameURLMap, NameRedirectMap, NameCertificate:
		return ingressOf(s, name)
	case NameInstanceGroup, NameFirewallRule, NameL4, NameServiceAttachment:
	}
	return facts.Ref{}, false
}

func ingressOf(s *facts.Snapshot, name string) (facts.Ref, bool) {
	uid, ok := s.ClusterUID.Get()
	ingresses, _ := s.Ingresses.Get()
	for _, ing := range ingresses {
		if (ok || OldScheme(ing)) && NamesOf(ing, uid, IngressUID(s)).Has(name) {
			return RefOf(s, ing), true
		}
	}
	return facts.Ref{}, false
}

// Has reports that a name is one of the frontend's.
func (n FrontendNames) Has(name string) bool {
	switch name {
	case "":
		return false
	case n.ForwardingRule, n.HTTPSForwardingRule, n.TargetProxy, n.HTTPSTargetProxy, n.URLMap, n.RedirectMap:
		return true
	}
	return strings.HasPrefix(name, n.CertificatePrefix)
}

func servicePortOf(s *facts.Snapshot, name string, n Name) (facts.Ref, bool) {
	if n.ForeignTo("", IngressUID(s)) {
		return facts.Ref{}, false
	}
	services, _ := s.Services.Get()
	for _, svc := range services {
		for _, p := range svc.Spec.Ports {
			if n.Kind == NameNodePort && p.NodePort == n.NodePort && p.NodePort != 0 ||
				n.Kind == NameServicePort && (name == NEGName(n.UID, svc.Namespace, svc.Name, p.Port) || name == RegionalBackendName(n.UID, svc.Namespace, svc.Name, p.Port)) {
				return facts.Ref{Cluster: s.ClusterName, Kind: facts.KindService, Namespace: svc.Namespace, Name: svc.Name}, true
			}
		}
	}
	return facts.Ref{}, false
}

// RefOf names an Ingress of the Snapshot's cluster.
func RefOf(s *facts.Snapshot, ing *networkingv1.Ingress) facts.Ref {
	return facts.Ref{Cluster: s.ClusterName, Kind: facts.KindIngress, Namespace: ing.Namespace, Name: ing.Name}
}
