package glbc

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
)

func TestParseDescription(t *testing.T) {
	for _, tt := range []struct {
		name, description string
		want              ServicePortName
		ok                bool
	}{
		{"port by number, as the controllers write it", `{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"\u0026ServiceBackendPort{Name:,Number:80,}","x-features":["NEG"]}`, ServicePortName{"shop", "web", networkingv1.ServiceBackendPort{Number: 80}}, true},
		{"port by name", `{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"&ServiceBackendPort{Name:http,Number:0,}"}`, ServicePortName{"shop", "web", networkingv1.ServiceBackendPort{Name: "http"}}, true},
		{"older controllers wrote a bare number", `{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"80"}`, ServicePortName{"shop", "web", networkingv1.ServiceBackendPort{Number: 80}}, true},
		{"or a bare name", `{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"http"}`, ServicePortName{"shop", "web", networkingv1.ServiceBackendPort{Name: "http"}}, true},
		{"a Service of L4 is none of GLBC's", `{"networking.gke.io/service-name":"shop/web"}`, ServicePortName{}, false},
		{"text of somebody else", `made by Terraform`, ServicePortName{}, false},
		{"no namespace", `{"kubernetes.io/service-name":"web"}`, ServicePortName{}, false},
		{"empty", ``, ServicePortName{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ParseDescription(tt.description)
			if ok != tt.ok || got != tt.want {
				t.Errorf("got %+v, %v; want %+v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}
