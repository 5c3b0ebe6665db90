package firewall_test

import (
	"testing"

	"plumbline/internal/firewall"
)

func TestProtocolsAndPorts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		covers string
		want   firewall.Outcome
		packet func(*firewall.Packet)
	}{
		"all covers every port":               {"all", firewall.Allowed, nil},
		"ALL is spelled either way":           {"ALL", firewall.Allowed, nil},
		"a protocol without ports covers all": {"tcp", firewall.Allowed, nil},
		"the number of the protocol":          {"6", firewall.Allowed, nil},
		"the number, with ports":              {"6:8080", firewall.Allowed, nil},
		"another number":                      {"17", firewall.Denied, nil},
		"the packet's protocol as a number": {
			"tcp:8080", firewall.Allowed, func(p *firewall.Packet) { p.Protocol = "6" },
		},
		"the first port of a range":      {"tcp:8080-8090", firewall.Allowed, nil},
		"the last port of a range":       {"tcp:8000-8080", firewall.Allowed, nil},
		"one below the range":            {"tcp:8081-8090", firewall.Denied, nil},
		"one above the range":            {"tcp:8000-8079", firewall.Denied, nil},
		"the second of several ports":    {"tcp:443,8080", firewall.Allowed, nil},
		"the second entry":               {"udp:53+tcp:8080", firewall.Allowed, nil},
		"the port of another protocol":   {"udp:8080", firewall.Denied, nil},
		"GKE's node port range":          {"tcp:30000-32767", firewall.Denied, nil},
		"a number that begins alike":     {"tcp:808,80", firewall.Denied, nil},
		"a port above 65535":             {"tcp:808,80800", firewall.Unknown, nil},
		"a port that can't be read":      {"tcp:http", firewall.Unknown, nil},
		"one unreadable beside the port": {"tcp:http,8080", firewall.Allowed, nil},
		"port 0 to 65535":                {"tcp:0-65535", firewall.Allowed, nil},
		"the port isn't known": {
			"tcp:8080", firewall.Unknown, func(p *firewall.Packet) { p.Port = 0 },
		},
		"the port isn't known, and all are covered": {
			"tcp", firewall.Allowed, func(p *firewall.Packet) { p.Port = 0 },
		},
		"udp to a port of tcp": {
			"tcp:8080", firewall.Denied, func(p *firewall.Packet) { p.Protocol = "udp" },
		},
		"icmp has no ports": {
			"icmp", firewall.Allowed, func(p *firewall.Packet) { p.Protocol, p.Port = "icmp", 0 },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for layer, w := range map[string]world{
				"VPC rule":    {vpc: []string{"lb 1000 allow " + tt.covers + " " + probers}},
				"policy rule": {policies: []policy{global("1000 allow " + tt.covers + " " + probers)}},
			} {
				if v := (verdictCase{world: w, packet: tt.packet}).run(t); v.Outcome != tt.want {
					t.Errorf("%s: outcome %v, want %v: %v", layer, v.Outcome, tt.want, lines(v))
				}
			}
		})
	}
}
