package signal_test

import (
	"errors"
	"strings"
	"testing"

	"plumbline/internal/signal"
)

func BenchmarkParseIgnored(b *testing.B) {
	large := edit{"protoPayload/novel", `"` + strings.Repeat("x", 250_000) + `"`}
	for _, tc := range []struct {
		name string
		raw  []byte
	}{
		{"another-log", entry(b, "event-translate", edit{"logName", `"projects/acme-prod/logs/stdout"`})},
		{"app-502", entry(b, "request-502", edit{"jsonPayload/statusDetails", `"response_sent_by_backend"`})},
		{"normal-event", entry(b, "event-translate", edit{"jsonPayload/type", `"Normal"`})},
		{"lease", entry(b, "ingress-patch", call("io.k8s.coordination.v1.leases.update", "coordination.k8s.io/v1/namespaces/kube-system/leases/x", "")...)},
		{"lease-250kB", entry(b, "ingress-patch", append(call("io.k8s.coordination.v1.leases.update", "coordination.k8s.io/v1/namespaces/kube-system/leases/x", ""), large)...)},
	} {
		b.Run(tc.name, func(b *testing.B) {
			b.SetBytes(int64(len(tc.raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := signal.Parse(tc.raw); !errors.Is(err, signal.ErrIgnored) {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseHealth(b *testing.B) {
	raw := entry(b, "health-neg")
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := signal.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
