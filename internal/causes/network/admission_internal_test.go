package network

import (
	"net/netip"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func webPod() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web-1", Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}}}},
	}
}

func policy(spec networkingv1.NetworkPolicySpec) []*networkingv1.NetworkPolicy {
	return []*networkingv1.NetworkPolicy{{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "p"}, Spec: spec}}
}

func block4(cidr string, except ...string) []networkingv1.NetworkPolicyPeer {
	return []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: cidr, Except: except}}}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	tcp, udp := corev1.ProtocolTCP, corev1.ProtocolUDP
	port := func(p intstr.IntOrString) []networkingv1.NetworkPolicyPort {
		return []networkingv1.NetworkPolicyPort{{Protocol: &tcp, Port: &p}}
	}
	end := int32(9000)
	all := "35.191.0.0/16"
	for name, tc := range map[string]struct {
		rules []networkingv1.NetworkPolicyIngressRule
		want  string
	}{
		"no rule":                    {nil, all},
		"an empty rule":              {[]networkingv1.NetworkPolicyIngressRule{{}}, ""},
		"the range":                  {[]networkingv1.NetworkPolicyIngressRule{{From: block4("35.191.0.0/16")}}, ""},
		"a wider one":                {[]networkingv1.NetworkPolicyIngressRule{{From: block4("0.0.0.0/0")}}, ""},
		"half of it":                 {[]networkingv1.NetworkPolicyIngressRule{{From: block4("35.191.0.0/17")}}, "35.191.128.0/17"},
		"both halves, in two rules":  {[]networkingv1.NetworkPolicyIngressRule{{From: block4("35.191.0.0/17")}, {From: block4("35.191.128.0/17")}}, ""},
		"an exception":               {[]networkingv1.NetworkPolicyIngressRule{{From: block4("0.0.0.0/0", "35.191.64.0/18")}}, "35.191.64.0/18"},
		"another range":              {[]networkingv1.NetworkPolicyIngressRule{{From: block4("10.0.0.0/8")}}, all},
		"IPv6":                       {[]networkingv1.NetworkPolicyIngressRule{{From: block4("::/0")}}, all},
		"a range that can't be read": {[]networkingv1.NetworkPolicyIngressRule{{From: block4("everybody")}}, all},
		"every namespace":            {[]networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}}}}, all},
		"the port":                   {[]networkingv1.NetworkPolicyIngressRule{{From: block4("0.0.0.0/0"), Ports: port(intstr.FromInt32(8080))}}, ""},
		"its name":                   {[]networkingv1.NetworkPolicyIngressRule{{From: block4("0.0.0.0/0"), Ports: port(intstr.FromString("http"))}}, ""},
		"another name":               {[]networkingv1.NetworkPolicyIngressRule{{From: block4("0.0.0.0/0"), Ports: port(intstr.FromString("metrics"))}}, all},
		"another port":               {[]networkingv1.NetworkPolicyIngressRule{{From: block4("0.0.0.0/0"), Ports: port(intstr.FromInt32(80))}}, all},
		"a range of ports": {[]networkingv1.NetworkPolicyIngressRule{{From: block4("0.0.0.0/0"), Ports: []networkingv1.NetworkPolicyPort{
			{Port: new(intstr.FromInt32(8000)), EndPort: &end},
		}}}, ""},
		"another protocol": {[]networkingv1.NetworkPolicyIngressRule{{From: block4("0.0.0.0/0"), Ports: []networkingv1.NetworkPolicyPort{{Protocol: &udp}}}}, all},
		"all of TCP":       {[]networkingv1.NetworkPolicyIngressRule{{From: block4("0.0.0.0/0"), Ports: []networkingv1.NetworkPolicyPort{{Protocol: &tcp}}}}, ""},
	} {
		var got []string
		for _, p := range refused(policy(networkingv1.NetworkPolicySpec{Ingress: tc.rules}), webPod(), netip.MustParsePrefix(all), 8080) {
			got = append(got, p.String())
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: got %v, want %q", name, got, tc.want)
		}
	}
	if got := refused(nil, webPod(), netip.MustParsePrefix(all), 8080); len(got) > 0 {
		t.Errorf("without policies: %v", got)
	}
}

func TestIsolating(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spec networkingv1.NetworkPolicySpec
		want bool
	}{
		"all pods":        {networkingv1.NetworkPolicySpec{}, true},
		"the pod":         {networkingv1.NetworkPolicySpec{PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}}, true},
		"another pod":     {networkingv1.NetworkPolicySpec{PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}}}, false},
		"not the pod":     {networkingv1.NetworkPolicySpec{PodSelector: metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"web"}}}}}, false},
		"for the way out": {networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}}, false},
		"for both ways":   {networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress, networkingv1.PolicyTypeIngress}}, true},
	} {
		if got := len(isolating(policy(tc.spec), webPod())) == 1; got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	elsewhere := webPod()
	elsewhere.Namespace = "argocd"
	if len(isolating(policy(networkingv1.NetworkPolicySpec{}), elsewhere)) > 0 {
		t.Error("a policy selects pods of its own namespace only")
	}
}
