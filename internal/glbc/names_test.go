package glbc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// The UIDs of testdata/worlds/external-neg.txtar, whose names are golden here.
const (
	testKubeUID    = "d2a6e0c4-58b1-4c7f-9a3e-6b1f0d7c2e95"
	testIngressUID = "3f1c9a7e5b2d4f60"
)

func ingressNamed(namespace, name string, finalizers ...string) *networkingv1.Ingress {
	return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Finalizers: finalizers}}
}

func TestNamesOfNewScheme(t *testing.T) {
	t.Parallel()
	got := NamesOf(ingressNamed("argocd", "argocd", FinalizerV2), testKubeUID, testIngressUID)
	want := FrontendNames{
		ForwardingRule: "k8s2-fr-ma0ofpm6-argocd-argocd-3orgu4uf", HTTPSForwardingRule: "k8s2-fs-ma0ofpm6-argocd-argocd-3orgu4uf",
		TargetProxy: "k8s2-tp-ma0ofpm6-argocd-argocd-3orgu4uf", HTTPSTargetProxy: "k8s2-ts-ma0ofpm6-argocd-argocd-3orgu4uf",
		URLMap: "k8s2-um-ma0ofpm6-argocd-argocd-3orgu4uf", RedirectMap: "k8s2-rm-ma0ofpm6-argocd-argocd-3orgu4uf",
		StaticIP: "k8s2-fr-ma0ofpm6-argocd-argocd-3orgu4uf",
	}
	want.CertificatePrefix = got.CertificatePrefix
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	cert := got.CertificateName("a certificate", "")
	if n, ok := ParseName(cert); !ok || n.Kind != NameCertificate || n.ClusterHash != "ma0ofpm6" || !got.Has(cert) {
		t.Errorf("%s reads as %+v", cert, n)
	}
	if got := NamesOf(ingressNamed("shop", "storefront"), testKubeUID, "").URLMap; got != "k8s2-um-ma0ofpm6-shop-storefront-xg5h9bov" {
		t.Errorf("an Ingress without finalizer gets %s, not the newer scheme", got)
	}
	long := NamesOf(ingressNamed(strings.Repeat("n", 40), strings.Repeat("i", 40)), testKubeUID, "")
	if len(long.URLMap) != 63 {
		t.Errorf("%s has %d characters, want 63", long.URLMap, len(long.URLMap))
	}
}

// The wanted names are ingress-gce's own examples for UID uid1.
func TestNamesOfOldScheme(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("0123456789", 5)
	for _, tt := range []struct{ name, namespace, ingress, wantURLMap, wantHTTPSProxy string }{
		{"short", "namespace", "name", "k8s-um-namespace-name--uid1", "k8s-tps-namespace-name--uid1"},
		{"just fits", digits[:24], digits[:24], "k8s-um-012345678901234567890123-012345678901234567890123--uid1", "k8s-tps-012345678901234567890123-012345678901234567890123--uid0"},
		{"cut", digits[:24], digits[:25], "k8s-um-012345678901234567890123-0123456789012345678901234--uid0", "k8s-tps-012345678901234567890123-0123456789012345678901234--ui0"},
		{"cut twice", digits, digits, "k8s-um-01234567890123456789012345678901234567890123456789-01230", "k8s-tps-01234567890123456789012345678901234567890123456789-0120"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := NamesOf(ingressNamed(tt.namespace, tt.ingress, FinalizerV1), testKubeUID, "uid1")
			if !got.V1 || got.URLMap != tt.wantURLMap || got.HTTPSTargetProxy != tt.wantHTTPSProxy || got.RedirectMap != "" {
				t.Errorf("%+v, want %s and %s", got, tt.wantURLMap, tt.wantHTTPSProxy)
			}
		})
	}
	if NamesOf(ingressNamed("namespace", "name", FinalizerV1, FinalizerV2), testKubeUID, "uid1").V1 {
		t.Error("the newer finalizer doesn't win over the older")
	}
	n := NamesOf(ingressNamed("namespace", "name", FinalizerV1), "", "uid1")
	if got, want := n.CertificateName("test123", "uid1"), "k8s-ssl-9a60a5272f6eee97-"+hexHash("test123", 16)+"--uid1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := NamesOf(ingressNamed("a", "b", FinalizerV1), "", "").ForwardingRule; got != "k8s-fw-a-b" {
		t.Errorf("without ingress UID: %s", got)
	}
}

func TestValidNames(t *testing.T) {
	t.Parallel()
	if !NamesOf(ingressNamed("shop", "web"), "", "").Valid() {
		t.Error("an ordinary name counts as invalid")
	}
	if NamesOf(ingressNamed("shop", "web.v2"), testKubeUID, "").Valid() {
		t.Error("a name with a dot counts as valid")
	}
}

func TestBackendNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, got, want string }{
		{"regional external", RegionalBackendName("01234567", "namespace", "name", 80), "k8s1-01234567-e-namespace-name-80-5104b449"},
		{"regional external, trimmed", RegionalBackendName("01234567890", "0123456789", "0123456789", 1234567890), "k8s1-01234567-e-0123456789-0123456789-1234567890-ed141b14"},
		{"NEG of the same port", NEGName("01234567", "namespace", "name", 80), "k8s1-01234567-namespace-name-80-5104b449"},
		{"NEG of another subnet", SubnetNEGName("01234567", "namespace", "service-name", 80, "subnet-name"), "k8s1-01234567-namespace-service-name-80-3be412-08a4d9c0"},
		{"chosen NEG of another subnet", CustomSubnetNEGName("checkout", "subnet-name"), "checkout-3be412"},
		{"node port", InstanceGroupBackend("uid1", 8080), "k8s-be-8080--uid1"},
		{"node port, cut", InstanceGroupBackend(strings.Repeat("x", 60), 8080), "k8s-be-8080--" + strings.Repeat("x", 49) + "0"},
		{"instance group", InstanceGroupName(testIngressUID), "k8s-ig--3f1c9a7e5b2d4f60"},
		{"named port", NamedPort(31080), "port31080"},
		{"firewall rule", FirewallRuleName("fw1"), "k8s-fw-l7--fw1"},
		{"firewall rule without UID", FirewallRuleName(""), "k8s-fw-l7"},
		{"path matcher", PathMatcherName("shop.acme.example"), "hostf8378a19b0fc9e5192d299fe6678f13f"},
		{"path matcher of Argo CD", PathMatcherName("argocd.acme.example"), "host8b6494d84ba04c9c0a183fca05fdf99e"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

func TestParseName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Name{
		"k8s2-fr-ma0ofpm6-argocd-argocd-3orgu4uf":                {Kind: NameForwardingRule, ClusterHash: "ma0ofpm6", Parts: "argocd-argocd", Hash: "3orgu4uf"},
		"k8s2-rm-ma0ofpm6-a-b-3orgu4uf":                          {Kind: NameRedirectMap, ClusterHash: "ma0ofpm6", Parts: "a-b", Hash: "3orgu4uf"},
		"k8s2-cr-ma0ofpm6-0123456789abcdez-0123456789abcdef":     {Kind: NameCertificate, ClusterHash: "ma0ofpm6", Hash: "0123456789abcdez-0123456789abcdef"},
		"k8s2-ma0ofpm6-shop-web-3orgu4uf":                        {Kind: NameL4, ClusterHash: "ma0ofpm6", Parts: "shop-web", Hash: "3orgu4uf"},
		"k8s2-tcp-ma0ofpm6-shop-web-3orgu4uf":                    {Kind: NameL4, ClusterHash: "ma0ofpm6", Parts: "shop-web", Hash: "3orgu4uf"},
		"k8s1-sa-ma0ofpm6-shop-web-3orgu4uf":                     {Kind: NameServiceAttachment, ClusterHash: "ma0ofpm6", Parts: "shop-web", Hash: "3orgu4uf"},
		"k8s1-3f1c9a7e-argocd-argocd-server-80-7defb8b8":         {Kind: NameServicePort, UID: "3f1c9a7e", Parts: "argocd-argocd-server-80", Hash: "7defb8b8"},
		"k8s-be-31080--8c2e5d01a9b74f36":                         {Kind: NameNodePort, UID: "8c2e5d01a9b74f36", NodePort: 31080},
		"k8s-be-31080":                                           {Kind: NameNodePort, NodePort: 31080},
		"k8s-ig--8c2e5d01a9b74f36":                               {Kind: NameInstanceGroup, UID: "8c2e5d01a9b74f36"},
		"k8s-fw-l7--8c2e5d01a9b74f36":                            {Kind: NameFirewallRule, UID: "8c2e5d01a9b74f36"},
		"k8s-fws-shop-web--8c2e5d01a9b74f36":                     {Kind: NameHTTPSForwardingRule, Parts: "shop-web", UID: "8c2e5d01a9b74f36"},
		"k8s-ssl-9a60a5272f6eee97-0123456789abcdef--8c2e5d01a9b": {Kind: NameCertificate, Hash: "9a60a5272f6eee97-0123456789abcdef", UID: "8c2e5d01a9b"},
	} {
		if got, ok := ParseName(name); !ok || got != want {
			t.Errorf("%s reads as %+v, want %+v", name, got, want)
		}
	}
	for _, name := range []string{"", "web", "k8s2-fr-short-a-b-3orgu4uf", "k8s1-3f1c9a7e-web", "gke-main-web-80", "k8s-be-x--uid", "a-k8s-ig--uid"} {
		if got, ok := ParseName(name); ok {
			t.Errorf("%q reads as %+v", name, got)
		}
	}
}

func TestForeignNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why, name, kube, ingress string
		foreign                  bool
	}{
		{"this cluster's hash", "k8s2-fr-ma0ofpm6-argocd-argocd-3orgu4uf", testKubeUID, "", false},
		{"another cluster's hash", "k8s2-fr-eyvxiymn-argocd-argocd-wwp18pts", testKubeUID, testIngressUID, true},
		{"another cluster's hash, ours unknown", "k8s2-fr-eyvxiymn-argocd-argocd-wwp18pts", "", testIngressUID, false},
		{"this cluster's start of the UID", "k8s1-3f1c9a7e-argocd-argocd-server-80-7defb8b8", testKubeUID, testIngressUID, false},
		{"another UID", "k8s1-8c2e5d01-argocd-argocd-server-80-7defb8b8", testKubeUID, testIngressUID, true},
		{"whole UID", "k8s-be-31080--3f1c9a7e5b2d4f60", "", testIngressUID, false},
		{"another whole UID", "k8s-be-31080--8c2e5d01a9b74f36", "", testIngressUID, true},
		{"a UID that was cut", "k8s-um-ns-ing--3f1c9a7e0", "", testIngressUID, false},
		{"a UID cut to what says nothing", "k8s-um-ns-ing--3f0", "", "3f9c9a7e5b2d4f60", false},
		{"a name without UID", "k8s-be-31080", "", testIngressUID, false},
		{"a firewall rule's own UID", "k8s-fw-l7--8c2e5d01a9b74f36", testKubeUID, testIngressUID, false},
	} {
		n, ok := ParseName(tt.name)
		if !ok || n.ForeignTo(tt.kube, tt.ingress) != tt.foreign {
			t.Errorf("%s: %s foreign %v, want %v", tt.why, tt.name, !tt.foreign, tt.foreign)
		}
	}
}

func TestOwnerOf(t *testing.T) {
	t.Parallel()
	ns, svc := "a-namespace-with-a-very-long-name", "a-service-with-an-even-longer-name-than-that"
	s := &facts.Snapshot{ClusterName: "projects/p/locations/europe-west1/clusters/main"}
	s.ClusterUID = facts.Found(testKubeUID)
	s.ConfigMaps = map[string]facts.Value[*corev1.ConfigMap]{"kube-system/ingress-uid": facts.Found(&corev1.ConfigMap{Data: map[string]string{"uid": testIngressUID}})}
	s.Ingresses = facts.Found([]*networkingv1.Ingress{ingressNamed("shop", "storefront"), ingressNamed("argocd", "argocd")})
	s.Services = facts.Found([]*corev1.Service{{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: svc},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80, NodePort: 31080}}},
	}})
	for name, want := range map[string]string{
		"k8s2-ts-ma0ofpm6-argocd-argocd-3orgu4uf":        "Ingress/argocd/argocd",
		NEGName(testIngressUID, ns, svc, 80):             "Service/" + ns + "/" + svc,
		RegionalBackendName(testIngressUID, ns, svc, 80): "Service/" + ns + "/" + svc,
		InstanceGroupBackend(testIngressUID, 31080):      "Service/" + ns + "/" + svc,
		NEGName("8c2e5d01a9b74f36", ns, svc, 80):         "",
		NEGName(testIngressUID, ns, svc, 81):             "",
		InstanceGroupBackend("8c2e5d01a9b74f36", 31080):  "",
		"k8s2-ts-eyvxiymn-argocd-argocd-wwp18pts":        "",
		"k8s-fw-l7--8c2e5d01a9b74f36":                    "",
	} {
		ref, ok := OwnerOf(s, name)
		if ok != (want != "") || ok && ref.String() != want {
			t.Errorf("%s is %v's, want %q", name, ref, want)
		}
	}
}
