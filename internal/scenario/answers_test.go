package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResponses(t *testing.T) {
	s := loaded(t, head+`-- responses.yaml --
- pod: argocd/argocd-server-*
  port: 8080
  scheme: http
  path: /healthz
  host: argocd.acme.example
  status: 307
  headers: {Location: "https://10.8.0.7:8080/healthz"}
  body: moved
- {pod: shop/*, port: 9000, error: timeout}
- {pod: shop/*, port: 22, scheme: tcp}
`)
	want := []Response{
		{
			Pod: "argocd/argocd-server-*", Port: 8080, Scheme: "http", Path: "/healthz", Host: "argocd.acme.example", Status: 307,
			Headers: map[string]string{"Location": "https://10.8.0.7:8080/healthz"}, Body: "moved",
		},
		{Pod: "shop/*", Port: 9000, Path: "*", Error: "timeout"},
		{Pod: "shop/*", Port: 22, Path: "*", Scheme: "tcp"},
	}
	if diff := cmp.Diff(want, s.World.Responses); diff != "" {
		t.Error(diff)
	}
}

func TestResponseErrors(t *testing.T) {
	for name, c := range map[string]struct{ row, want string }{
		"unknown key": {"- pod: a/b\n  port: 1\n  status: 200\n  latency: 5s\n", `9: responses.yaml: unknown field "latency" ([0].latency isn't in responses.yaml)`},
		"second row":  {"- {pod: a/b, port: 1, status: 200}\n- {pod: a/b, prt: 1}\n", `7: responses.yaml: unknown field "prt" ([1].prt isn't in responses.yaml)`},
		"wrong type":  {"- pod: a/b\n  port: http\n  status: 200\n", `7: responses.yaml: field "[0].port" of responses.yaml: a string doesn't fit, it is int32`},
		"no list":     {"pod: a/b\n", "6: responses.yaml: a object doesn't fit, it is []scenario.Response (as responses.yaml)"},
		"pod":         {"- port: 1\n  pod: web\n  status: 200\n", `7: responses.yaml: pod "web" isn't namespace/name`},
		"glob":        {"- {pod: a/b, port: 1, status: 200, path: \"[\"}\n", `6: responses.yaml: path "[" isn't a glob: syntax error in pattern`},
		"port":        {"- pod: a/b\n  status: 200\n", "6: responses.yaml: port is 0; 1 to 65535 is possible"},
		"scheme":      {"- pod: a/b\n  port: 1\n  scheme: grpc\n  status: 200\n", `8: responses.yaml: scheme is "grpc"; it can be http, https, tcp`},
		"error":       {"- pod: a/b\n  port: 1\n  error: slow\n", `8: responses.yaml: error is "slow"; it can be timeout, refused, reset, tls, certificate`},
		"both":        {"- pod: a/b\n  port: 1\n  status: 200\n  error: tls\n", "9: responses.yaml: a row has a status or an error, this one has both"},
		"neither":     {"- {pod: a/b, port: 1}\n", "6: responses.yaml: a row has a status or an error, this one has neither"},
		"status":      {"- pod: a/b\n  port: 1\n  status: 20\n", "8: responses.yaml: status 20 isn't one of HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, head+"-- responses.yaml --\n"+c.row, "x.txtar:"+c.want)
		})
	}
}

func TestDNS(t *testing.T) {
	s := loaded(t, head+`-- dns.yaml --
shop.acme.example: {A: [203.0.113.7], AAAA: ["2001:db8::7"], CAA: ['0 issue "pki.goog"']}
gone.acme.example: {NXDOMAIN: true}
`)
	want := map[string]DNSRecord{
		"shop.acme.example": {A: []string{"203.0.113.7"}, AAAA: []string{"2001:db8::7"}, CAA: []string{`0 issue "pki.goog"`}},
		"gone.acme.example": {NXDOMAIN: true},
	}
	if diff := cmp.Diff(want, s.World.DNS); diff != "" {
		t.Error(diff)
	}
}

func TestDNSErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key": {"a.example:\n  MX: []\n", `7: dns.yaml: unknown field "MX" (a.example.MX isn't in dns.yaml)`},
		"no address":  {"a.example:\n  A:\n  - 203.0.113.7\n  - shop\n", `9: dns.yaml: "shop" isn't an IPv4 address`},
		"wrong kind":  {"a.example:\n  AAAA: [203.0.113.7]\n", `7: dns.yaml: "203.0.113.7" isn't an IPv6 address`},
		"both":        {"a.example:\n  NXDOMAIN: true\n  A: [203.0.113.7]\n", "7: dns.yaml: a.example is NXDOMAIN and has records"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, head+"-- dns.yaml --\n"+c.text, "x.txtar:"+c.want)
		})
	}
}
