package glbc

import (
	"strconv"
	"strings"

	"plumbline/internal/facts"
)

// RegionalBackendName is the name of the backend service and the health check of a
// Service port behind class gce-regional-external; the NEG keeps NEGName
// (ingress-controller.md §6).
func RegionalBackendName(uid, namespace, service string, port int32) string {
	parts := []string{namespace, service, strconv.Itoa(int(port))}
	return "k8s1-" + short(uid) + "-e-" + strings.Join(trimmed(parts, longestParts-len("e-")), "-") + "-" + portHash(uid, parts)
}

// SubnetNEGName is the name of a Service port's NEG in a subnet that isn't the
// cluster's own: a hash of the subnet stands before the last hash, which is that of
// NEGName.
func SubnetNEGName(uid, namespace, service string, port int32, subnet string) string {
	parts := []string{namespace, service, strconv.Itoa(int(port))}
	return strings.Join(append(append([]string{"k8s1", short(uid)}, trimmed(parts, longestParts-subnetHash-1)...), hexHash(subnet, subnetHash), portHash(uid, parts)), "-")
}

// CustomSubnetNEGName is SubnetNEGName of a NEG whose name the annotation chose,
// which may have 56 characters.
func CustomSubnetNEGName(name, subnet string) string { return name + "-" + hexHash(subnet, subnetHash) }

const subnetHash = 6

func short(uid string) string { return uid[:min(8, len(uid))] }

func portHash(uid string, parts []string) string {
	return hexHash(strings.Join(append([]string{short(uid)}, parts...), ";"), 8)
}

// InstanceGroupBackend is the name of the backend service and the health check of a
// node port.
func InstanceGroupBackend(uid string, nodePort int32) string {
	return cut(withUID("k8s-be-"+strconv.Itoa(int(nodePort)), uid))
}

// InstanceGroupName is the name of the cluster's instance groups, one a zone.
func InstanceGroupName(uid string) string { return cut(withUID("k8s-ig", uid)) }

// NamedPort is how instance groups call a node port.
func NamedPort(nodePort int32) string { return "port" + strconv.Itoa(int(nodePort)) }

// FirewallRuleName is the name of the cluster's rule for health checks and proxies.
// uid is the ConfigMap's provider-uid, or its uid where that is empty
// (ingress-controller.md §1.8, §6).
func FirewallRuleName(uid string) string {
	if uid == "" {
		return "k8s-fw-l7"
	}
	return "k8s-fw-" + cut("l7--"+uid)
}

// BackendName is the name that GLBC gives the backend service and the health check
// of a Backend behind an Ingress of a class. It is unknown where the Service or the
// ingress UID is, and absent where GLBC refuses the Service.
func BackendName(s *facts.Snapshot, class Class, b Backend) facts.Value[string] {
	uid := IngressUID(s)
	svc, ok := b.Object.Get()
	switch {
	case b.Object.IsAbsent() || ok && (b.ServicePort == nil || NeedsNEG(svc)):
		return facts.Absent[string]()
	case !ok:
		return facts.Unknown[string](b.Object.Err())
	case uid == "":
		return facts.Unknown[string](errNoIngressUID)
	case class.Regional:
		return facts.Found(RegionalBackendName(uid, b.Namespace, b.Service, b.ServicePort.Port))
	case class.Internal || NEGRequestOf(svc).Ingress:
		return facts.Found(NEGName(uid, b.Namespace, b.Service, b.ServicePort.Port))
	}
	return facts.Found(InstanceGroupBackend(uid, b.ServicePort.NodePort))
}
