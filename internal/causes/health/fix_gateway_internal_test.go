package health

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

func TestFixOfAGatewaysBackend(t *testing.T) {
	t.Parallel()
	existing := func(kind string) facts.Value[*facts.HealthCheckPolicy] {
		p := &facts.HealthCheckPolicy{}
		p.Name = "checks"
		if err := setType(p, kind); err != nil {
			t.Fatal(err)
		}
		return facts.Found(p)
	}
	for _, tt := range []struct {
		name   string
		policy facts.Value[*facts.HealthCheckPolicy]
		https  bool
		want   []string
		not    []string
	}{
		{
			name: "without a policy one is applied", policy: facts.Absent[*facts.HealthCheckPolicy](),
			want: []string{`"name":"web-health"`, `"targetRef":{"group":"","kind":"Service","name":"web"}`, `"httpHealthCheck":{"requestPath":"/PATH"}`, "kubectl apply"},
			not:  []string{"BackendConfig", "kubectl get healthcheckpolicy"},
		},
		{
			name: "the policy that is there is patched", policy: existing("HTTP"),
			want: []string{"kubectl patch healthcheckpolicy checks -n shop", `{"type":"HTTP","httpHealthCheck":{"requestPath":"/PATH"}}`},
			not:  []string{"kubectl apply", "null"},
		},
		{
			name: "the section of the old type goes when the type changes", policy: existing("HTTP"), https: true,
			want: []string{`"appProtocol":"HTTPS"`, `"httpsHealthCheck":{"requestPath":"/"},"httpHealthCheck":null`},
		},
		{
			name: "a policy that couldn't be read may be there", policy: facts.Unknown[*facts.HealthCheckPolicy](errors.New("403")),
			want: []string{"kubectl get healthcheckpolicy -n shop"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &backend{
				Backend: glbc.Backend{Namespace: "shop", Service: "web", Port: networkingv1.ServiceBackendPort{Number: 80}, Gateway: true},
				check:   glbc.Check{Type: "HTTP", Path: "/"}, policy: tt.policy,
			}
			f := b.fixPath(answer{location: "/login"})
			if tt.https {
				f = b.fixProtocol()
			}
			text := f.Summary + strings.Join(f.Commands, "\n") + f.Patches[0].YAML
			for _, w := range tt.want {
				if !strings.Contains(text, w) {
					t.Errorf("without %s: %s", w, text)
				}
			}
			for _, n := range tt.not {
				if strings.Contains(text, n) {
					t.Errorf("with %s: %s", n, text)
				}
			}
		})
	}
}

// setType gives a policy a type, as the API's JSON would: its section has no name.
func setType(p *facts.HealthCheckPolicy, kind string) error {
	return json.Unmarshal([]byte(`{"spec":{"default":{"config":{"type":"`+kind+`"}}}}`), p)
}
