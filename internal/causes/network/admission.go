package network

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// isolating are the NetworkPolicies of a pod's namespace that select it for what comes
// in. A pod that none selects takes everything.
func isolating(all []*networkingv1.NetworkPolicy, pod *corev1.Pod) []*networkingv1.NetworkPolicy {
	var list []*networkingv1.NetworkPolicy
	for _, p := range all {
		ingress := len(p.Spec.PolicyTypes) == 0 || slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeIngress)
		selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
		if err == nil && ingress && p.Namespace == pod.Namespace && selector.Matches(labels.Set(pod.Labels)) {
			list = append(list, p)
		}
	}
	return list
}

// refused are the addresses of a source that none of the policies lets in to a pod's
// port. Policies add up; what they say of pods and namespaces means none outside the
// cluster.
func refused(policies []*networkingv1.NetworkPolicy, pod *corev1.Pod, source netip.Prefix, port int32) []netip.Prefix {
	if len(policies) == 0 {
		return nil
	}
	var blocks []block
	for _, p := range policies {
		for _, rule := range p.Spec.Ingress {
			if !admitsPort(rule.Ports, pod, port) {
				continue
			}
			if len(rule.From) == 0 {
				return nil
			}
			for _, peer := range rule.From {
				if b, ok := blockOf(peer.IPBlock); ok {
					blocks = append(blocks, b)
				}
			}
		}
	}
	return outside(source.Masked(), blocks)
}

// A block is a range of addresses less some.
type block struct {
	cidr   netip.Prefix
	except []netip.Prefix
}

func blockOf(b *networkingv1.IPBlock) (block, bool) {
	if b == nil {
		return block{}, false
	}
	cidr, err := netip.ParsePrefix(b.CIDR)
	if err != nil {
		return block{}, false
	}
	out := block{cidr: cidr.Masked()}
	for _, text := range b.Except {
		if p, err := netip.ParsePrefix(text); err == nil {
			out.except = append(out.except, p.Masked())
		}
	}
	return out, true
}

func (b block) has(a netip.Addr) bool {
	return b.cidr.Contains(a) && !slices.ContainsFunc(b.except, func(p netip.Prefix) bool { return p.Contains(a) })
}

// outside is what of a range none of the blocks has, in halves as far as they cut it.
func outside(p netip.Prefix, blocks []block) []netip.Prefix {
	cuts := func(edge netip.Prefix) bool { return edge.Bits() > p.Bits() && p.Contains(edge.Addr()) }
	cut := slices.ContainsFunc(blocks, func(b block) bool { return cuts(b.cidr) || slices.ContainsFunc(b.except, cuts) })
	if !cut {
		if slices.ContainsFunc(blocks, func(b block) bool { return b.has(p.Addr()) }) {
			return nil
		}
		return []netip.Prefix{p}
	}
	low, high := halves(p)
	lower, upper := outside(low, blocks), outside(high, blocks)
	if len(lower) == 1 && lower[0] == low && len(upper) == 1 && upper[0] == high {
		return []netip.Prefix{p}
	}
	return append(lower, upper...)
}

// halves cuts a range of more than one address in two.
func halves(p netip.Prefix) (low, high netip.Prefix) {
	bits := p.Bits()
	raw := p.Addr().AsSlice()
	raw[bits/8] |= 0x80 >> (bits % 8)
	upper, _ := netip.AddrFromSlice(raw)
	return netip.PrefixFrom(p.Addr(), bits+1), netip.PrefixFrom(upper, bits+1)
}

// admitsPort: a rule without ports is for all of them; a name is that of a container's
// port.
func admitsPort(ports []networkingv1.NetworkPolicyPort, pod *corev1.Pod, port int32) bool {
	if len(ports) == 0 {
		return true
	}
	return slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		switch {
		case p.Protocol != nil && *p.Protocol != corev1.ProtocolTCP:
			return false
		case p.Port == nil:
			return true
		case p.Port.Type == intstr.String:
			return portNamed(pod, p.Port.StrVal) == port
		case p.EndPort != nil:
			return p.Port.IntVal <= port && port <= *p.EndPort
		}
		return p.Port.IntVal == port
	})
}

func portNamed(pod *corev1.Pod, name string) int32 {
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == name && (p.Protocol == "" || p.Protocol == corev1.ProtocolTCP) {
				return p.ContainerPort
			}
		}
	}
	return 0
}
