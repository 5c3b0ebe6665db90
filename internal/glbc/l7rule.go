package glbc

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/facts"
)

// A RulePort is a port, or a range of them, that the L7 rule admits, and what for.
type RulePort struct {
	From, To int32
	For      []facts.Ref
}

// String is the rule's spelling: "8080", "30000-32767".
func (p RulePort) String() string {
	if p.From == p.To {
		return strconv.Itoa(int(p.From))
	}
	return fmt.Sprintf("%d-%d", p.From, p.To)
}

// An L7Rule is the cluster's firewall rule for probers and proxies as GLBC would make
// it, at least: what isn't known is missing from it, and so are ports that only a flag
// of the controller adds.
type L7Rule struct {
	Name    string
	Ports   []RulePort
	Sources []string
	// Partial is why Ports or Sources may lack some; nil when everything was read.
	Partial error
}

var (
	errNoFirewallUID = errors.New("the cluster's firewall UID (ConfigMap " + IngressUIDConfigMap + ") isn't known")
	errAddonOff      = errors.New("the cluster's HTTP load balancing add-on is off")
	errUnsureIngress = errors.New("whether GLBC serves it isn't known")
	errNewIngress    = errors.New("it is too new to count")
)

// L7RuleName is the name of the cluster's L7 rule; unknown where the ConfigMap is.
func L7RuleName(s *facts.Snapshot) facts.Value[string] {
	cm, ok := s.ConfigMaps[IngressUIDConfigMap].Get()
	if !ok {
		return facts.Unknown[string](errors.Join(errNoFirewallUID, s.ConfigMaps[IngressUIDConfigMap].Err()))
	}
	uid := cm.Data["provider-uid"]
	if uid == "" {
		uid = IngressUID(s)
	}
	return facts.Found(FirewallRuleName(uid))
}

// nodePorts is the range of node ports, which the rule admits as a whole.
var nodePorts = RulePort{From: 30000, To: 32767}

// DesiredL7Rule builds the L7 rule from all Ingresses that GLBC serves
// (ingress-controller.md §1.8). It is absent where there are none: GLBC deletes the
// rule then.
func DesiredL7Rule(s *facts.Snapshot) facts.Value[L7Rule] {
	name, ok := L7RuleName(s).Get()
	if !ok {
		return facts.Unknown[L7Rule](L7RuleName(s).Err())
	}
	if c, ok := s.Cluster.Get(); ok && AddonDisabled(c) {
		return facts.Unknown[L7Rule](errAddonOff)
	}
	b := ruleBuilder{s: s, L7Rule: L7Rule{Name: name, Sources: slices.Clone(proberRanges), Partial: s.Ingresses.Err()}}
	ingresses, _ := s.Ingresses.Get()
	served, regional := false, false
	for _, ing := range ingresses {
		class := ClassIn(s, ing)
		switch {
		case !class.Served && !class.Unsure || ing.DeletionTimestamp != nil:
			continue
		case class.Unsure || !SurelyServes(s, ing):
			b.lacks(ing, errUnsureIngress)
			continue
		case s.Now.Sub(ing.CreationTimestamp.Time) < grace:
			b.lacks(ing, errNewIngress)
			continue
		}
		served, regional = true, regional || class.InRegion()
		b.ingress(ing, class)
	}
	switch {
	case !served && b.Partial != nil:
		return facts.Unknown[L7Rule](b.Partial)
	case !served:
		return facts.Absent[L7Rule]()
	case regional:
		b.proxies()
	}
	slices.SortFunc(b.Ports, func(x, y RulePort) int { return int(x.From - y.From) })
	return facts.Found(b.L7Rule)
}

// A ruleBuilder collects an L7Rule.
type ruleBuilder struct {
	s *facts.Snapshot
	L7Rule
}

func (r *ruleBuilder) lacks(ing *networkingv1.Ingress, err error) {
	r.Partial = errors.Join(r.Partial, fmt.Errorf("of Ingress %s/%s: %w", ing.Namespace, ing.Name, err))
}

// ingress adds the ports of an Ingress: those of its URL map, so that of rules for one
// host the last counts, and a path that GLBC refuses doesn't (ingress-controller.md
// §1.11). One that names no default backend has the system's.
func (r *ruleBuilder) ingress(ing *networkingv1.Ingress, class Class) {
	for _, name := range DesiredURLMap(ing).servicePorts() {
		b := Backend{Namespace: name.Namespace, Service: name.Service, Port: name.Port, Object: ServiceOf(r.s, name.Namespace, name.Service)}
		if svc, ok := b.Object.Get(); ok {
			b.ServicePort = PortOf(svc, name.Port)
		}
		if err := r.backend(b, class); err != nil {
			r.lacks(ing, fmt.Errorf("%s: %w", b.Title(), err))
		}
	}
}

// servicePorts are the Service ports that a URL map leads to, each once.
func (m URLMap) servicePorts() []ServicePortName {
	var list []ServicePortName
	add := func(p ServicePortName) {
		if p.Service != "" && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	add(m.Default)
	for _, h := range m.Hosts {
		for _, p := range h.Paths {
			add(p.Backend)
		}
	}
	return list
}

// backend adds the ports of one Service port. One that GLBC refuses has none.
func (r *ruleBuilder) backend(b Backend, class Class) error {
	svc, ok := b.Object.Get()
	switch {
	case b.Object.IsAbsent() || ok && (b.ServicePort == nil || NeedsNEG(svc) || appProtocolsFault(svc) != ""):
		return nil
	case !ok:
		return b.Object.Err()
	}
	config, err := configFor(r.s, svc, b.ServicePort)
	if err != nil {
		return err
	}
	on := b.Ref(r.s.ClusterName)
	bc, ok := config.Get()
	switch {
	case !ok && !config.IsAbsent():
		err = config.Err()
	case ok && bc.Spec.HealthCheck != nil && bc.Spec.HealthCheck.Port != nil:
		port := int32(*bc.Spec.HealthCheck.Port) //nolint:gosec // The CRD's schema bounds it to a port.
		r.admit(RulePort{From: port, To: port}, on)
	}
	if !class.InRegion() && !NEGRequestOf(svc).Ingress {
		r.admit(nodePorts, on)
		return err
	}
	ports, portsErr := targetPorts(r.s, b)
	for _, port := range ports {
		r.admit(RulePort{From: port, To: port}, on)
	}
	return errors.Join(err, portsErr)
}

func (r *ruleBuilder) admit(p RulePort, on facts.Ref) {
	i := slices.IndexFunc(r.Ports, func(have RulePort) bool { return have.From == p.From && have.To == p.To })
	if i < 0 {
		r.Ports = append(r.Ports, p)
		i = len(r.Ports) - 1
	}
	if !slices.Contains(r.Ports[i].For, on) {
		r.Ports[i].For = append(r.Ports[i].For, on)
	}
}

// targetPorts are the container ports behind a NEG's Service port: the number, or what
// the EndpointSlices say of a name, TCP only (ingress-controller.md §1.8).
func targetPorts(s *facts.Snapshot, b Backend) ([]int32, error) {
	p := b.ServicePort
	if p.TargetPort.Type == intstr.Int {
		if p.TargetPort.IntVal == 0 {
			return []int32{p.Port}, nil
		}
		return []int32{p.TargetPort.IntVal}, nil
	}
	var ports []int32
	for _, slice := range slicesOf(s, b) {
		for _, sp := range slice.Ports {
			tcp := sp.Protocol == nil || *sp.Protocol == corev1.ProtocolTCP
			if tcp && sp.Port != nil && sp.Name != nil && *sp.Name == p.Name && !slices.Contains(ports, *sp.Port) {
				ports = append(ports, *sp.Port)
			}
		}
	}
	switch {
	case !s.EndpointSlices.Known():
		return ports, s.EndpointSlices.Err()
	case !wasRead(s, b.Namespace) && len(ports) == 0:
		return nil, errNamespaceNotRead(b.Namespace)
	case len(slicesOf(s, b)) == 0 && lacksSlices(s, b):
		return nil, errLacksSlices
	}
	return ports, nil
}

// proxies adds the proxy-only subnets of the cluster's region and network.
func (r *ruleBuilder) proxies() {
	region, network := "regions/"+Region(r.s), networkOf(r.s)
	switch {
	case Region(r.s) == "":
		r.Partial = errors.Join(r.Partial, errNoRegion)
		return
	case network == "":
		r.Partial = errors.Join(r.Partial, errNoNetwork)
		return
	case r.s.Subnetworks.Lacks(region) && !r.s.Subnetworks.IsAbsent():
		r.Partial = errors.Join(r.Partial, r.s.Subnetworks.Err())
	}
	subnets, _ := r.s.Subnetworks.Get()
	for _, n := range subnets {
		purpose := n.GetPurpose() == "REGIONAL_MANAGED_PROXY" || n.GetPurpose() == "INTERNAL_HTTPS_LOAD_BALANCER"
		if purpose && n.GetRole() == "ACTIVE" && scopeIn(n.GetSelfLink()) == region && facts.RelativePath(n.GetNetwork()) == network && n.GetIpCidrRange() != "" {
			r.Sources = append(r.Sources, n.GetIpCidrRange())
		}
	}
	slices.Sort(r.Sources)
}
