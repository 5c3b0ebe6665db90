package glbc_test

import (
	"maps"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// TestLacks: what the BackendConfig doesn't set isn't compared, and what is live by
// chance isn't lacking.
func TestLacks(t *testing.T) {
	bc := &facts.BackendConfig{}
	timeout, path := int64(120), "/healthz"
	bc.Spec.TimeoutSec = &timeout
	bc.Spec.HealthCheck = &facts.BackendConfigCheck{RequestPath: &path}
	live := &computepb.BackendService{TimeoutSec: proto.Int32(30)}
	check := &computepb.HealthCheck{Type: new("HTTP"), HttpHealthCheck: &computepb.HTTPHealthCheck{RequestPath: new("/healthz")}}
	got := glbc.Lacks(bc, live, check)
	if len(got) != 1 || got[0].Field != "spec.timeoutSec" || got[0].Have != "30" {
		t.Errorf("lacks %v, want the timeout alone", got)
	}
	if got := glbc.Lacks(&facts.BackendConfig{}, live, check); len(got) > 0 {
		t.Errorf("an empty BackendConfig lacks %v", got)
	}
}

// TestUnmatchedConfigs: a key that is a port's name or number matches, and a default
// leaves nothing unmatched.
func TestUnmatchedConfigs(t *testing.T) {
	for _, tt := range []struct {
		annotation string
		want       map[string]string
	}{
		{`{"ports":{"8080":"web"}}`, map[string]string{"8080": "web"}},
		{`{"ports":{"80":"web"}}`, nil},
		{`{"ports":{"http":"web"}}`, nil},
		{`{"default":"web","ports":{"8080":"web"}}`, nil},
		{`nonsense`, nil},
	} {
		svc := &corev1.Service{}
		svc.Annotations = map[string]string{glbc.BackendConfigAnnotation: tt.annotation}
		svc.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80}}
		if got := glbc.UnmatchedConfigs(svc, &svc.Spec.Ports[0]); !maps.Equal(got, tt.want) {
			t.Errorf("%s: unmatched %v, want %v", tt.annotation, got, tt.want)
		}
	}
}
