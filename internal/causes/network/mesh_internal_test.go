package network

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// peer is a PeerAuthentication of an age; labels make it one for certain pods.
func peer(namespace, name, mode string, age int, labels, ports map[string]string) *facts.PeerAuthentication {
	p := &facts.PeerAuthentication{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -age)),
	}}
	if mode != "" {
		p.Spec.MTLS = &facts.MutualTLS{Mode: mode}
	}
	if labels != nil {
		p.Spec.Selector = &struct {
			MatchLabels map[string]string `json:"matchLabels,omitempty"`
		}{MatchLabels: labels}
	}
	for port, m := range ports {
		if p.Spec.PortLevelMTLS == nil {
			p.Spec.PortLevelMTLS = map[string]facts.MutualTLS{}
		}
		p.Spec.PortLevelMTLS[port] = facts.MutualTLS{Mode: m}
	}
	return p
}

func TestEffective(t *testing.T) {
	t.Parallel()
	web := map[string]string{"app": "web"}
	mesh := peer("istio-system", "mesh", "STRICT", 9, nil, nil)
	for name, tc := range map[string]struct {
		all  []*facts.PeerAuthentication
		want string
	}{
		"none":                                   {nil, ""},
		"the mesh":                               {[]*facts.PeerAuthentication{mesh}, "mesh"},
		"the namespace before the mesh":          {[]*facts.PeerAuthentication{mesh, peer("shop", "ns", "PERMISSIVE", 1, nil, nil)}, ""},
		"the namespace leaves it to the mesh":    {[]*facts.PeerAuthentication{mesh, peer("shop", "ns", "UNSET", 1, nil, nil)}, "mesh"},
		"another namespace":                      {[]*facts.PeerAuthentication{peer("argocd", "ns", "STRICT", 1, nil, nil)}, ""},
		"the pod before the namespace":           {[]*facts.PeerAuthentication{peer("shop", "ns", "PERMISSIVE", 1, nil, nil), peer("shop", "web", "STRICT", 1, web, nil)}, "web"},
		"other pods":                             {[]*facts.PeerAuthentication{peer("shop", "db", "STRICT", 1, map[string]string{"app": "db"}, nil)}, ""},
		"the port before the pod":                {[]*facts.PeerAuthentication{peer("shop", "web", "STRICT", 1, web, map[string]string{"8080": "DISABLE"})}, ""},
		"another port":                           {[]*facts.PeerAuthentication{peer("shop", "web", "STRICT", 1, web, map[string]string{"9090": "DISABLE"})}, "web"},
		"the port alone":                         {[]*facts.PeerAuthentication{peer("shop", "web", "", 1, web, map[string]string{"8080": "STRICT"})}, "web"},
		"the pod's policy says nothing":          {[]*facts.PeerAuthentication{mesh, peer("shop", "web", "", 1, web, map[string]string{"9090": "DISABLE"})}, "mesh"},
		"of two the older":                       {[]*facts.PeerAuthentication{peer("shop", "young", "STRICT", 1, nil, nil), peer("shop", "old", "PERMISSIVE", 5, nil, nil)}, ""},
		"an empty selector is for the namespace": {[]*facts.PeerAuthentication{peer("shop", "ns", "STRICT", 1, map[string]string{}, nil)}, "ns"},
	} {
		got := ""
		if p := effective(tc.all, webPod(), 8080); p != nil {
			got = p.Name
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

func TestIntercepted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		annotations map[string]string
		port        int32
		want        bool
	}{
		"as injected":            {nil, 8080, true},
		"the sidecar's own":      {nil, 15021, false},
		"left out":               {map[string]string{"traffic.sidecar.istio.io/excludeInboundPorts": "9090, 8080"}, 8080, false},
		"another one left out":   {map[string]string{"traffic.sidecar.istio.io/excludeInboundPorts": "9090"}, 8080, true},
		"one of those taken":     {map[string]string{"traffic.sidecar.istio.io/includeInboundPorts": "8080"}, 8080, true},
		"none of those taken":    {map[string]string{"traffic.sidecar.istio.io/includeInboundPorts": "9090"}, 8080, false},
		"no port taken":          {map[string]string{"traffic.sidecar.istio.io/includeInboundPorts": ""}, 8080, false},
		"all taken, by asterisk": {map[string]string{"traffic.sidecar.istio.io/includeInboundPorts": "*"}, 8080, true},
	} {
		pod := webPod()
		pod.Annotations = tc.annotations
		if got := intercepted(pod, tc.port); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
