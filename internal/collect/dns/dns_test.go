package dns_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	mdns "github.com/miekg/dns"

	"plumbline/internal/collect/dns"
	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

// A resolver answers from its zone, whose names have no dot at the end.
type resolver struct {
	// zone has what is answered for a name: all records of the type that is asked for,
	// and aliases.
	zone map[string][]string
	// rcodes are said instead, by name, or by name and type.
	rcodes map[string]int
	// silent are names that get no answer.
	silent map[string]bool
	// cut are names whose answers don't fit in UDP.
	cut map[string]bool
	// change is done to each answer.
	change func(*mdns.Msg)

	mu    sync.Mutex
	asked map[string]int
}

func (s *resolver) ServeDNS(w mdns.ResponseWriter, q *mdns.Msg) {
	name := q.Question[0].Name[:len(q.Question[0].Name)-1]
	kind := mdns.TypeToString[q.Question[0].Qtype]
	_, tcp := w.RemoteAddr().(*net.TCPAddr)
	s.mu.Lock()
	s.asked[name+" "+kind]++
	s.mu.Unlock()
	if s.silent[name] {
		return
	}
	answer := new(mdns.Msg).SetReply(q)
	answer.RecursionAvailable = true
	records, exists := s.zone[name]
	rcode, refused := s.rcodes[name+" "+kind]
	if !refused {
		rcode, refused = s.rcodes[name]
	}
	switch {
	case refused:
		answer.Rcode = rcode
	case !exists:
		answer.Rcode = mdns.RcodeNameError
	}
	for _, text := range records {
		record, err := mdns.NewRR(text)
		if err != nil {
			panic(err)
		}
		if record.Header().Rrtype == q.Question[0].Qtype || record.Header().Rrtype == mdns.TypeCNAME {
			answer.Answer = append(answer.Answer, record)
		}
	}
	if s.cut[name] && !tcp {
		answer.Truncated, answer.Answer = true, nil
	}
	if s.change != nil {
		s.change(answer)
	}
	_ = w.WriteMsg(answer)
}

// start serves on one loopback port, UDP and TCP.
func start(t *testing.T, s *resolver) string {
	t.Helper()
	s.asked = map[string]int{}
	var listener net.Listener
	var packets net.PacketConn
	for range 20 {
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		if packets, err = net.ListenPacket("udp", listener.Addr().String()); err == nil {
			break
		}
		_ = listener.Close()
	}
	if packets == nil {
		t.Fatal("no port that is free for UDP and TCP")
	}
	for _, server := range []*mdns.Server{{PacketConn: packets, Handler: s}, {Listener: listener, Handler: s}} {
		ready := make(chan struct{})
		server.NotifyStartedFunc = func() { close(ready) }
		done := make(chan struct{})
		go func() { defer close(done); _ = server.ActivateAndServe() }()
		<-ready
		t.Cleanup(func() { _ = server.Shutdown(); <-done })
	}
	return listener.Addr().String()
}

func look(t *testing.T, s *resolver, host string) facts.Value[facts.DNSRecords] {
	t.Helper()
	r, err := dns.New(dns.Config{Server: start(t, s), Attempt: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return r.Lookup(t.Context(), host)
}

func addrs(texts ...string) []netip.Addr {
	var out []netip.Addr
	for _, text := range texts {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}

func TestRecords(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		host string
		*resolver
		want facts.DNSRecords
	}{
		"both families, sorted, each address once": {
			host: "shop.acme.example",
			resolver: &resolver{zone: map[string][]string{
				"shop.acme.example": {"shop.acme.example. A 192.0.2.9", "shop.acme.example. A 192.0.2.7", "shop.acme.example. A 192.0.2.9", "shop.acme.example. AAAA 2001:db8::7"},
				"acme.example":      {}, "example": {},
			}},
			want: facts.DNSRecords{A: addrs("192.0.2.7", "192.0.2.9"), AAAA: addrs("2001:db8::7")},
		},
		"no record": {
			host:     "shop.example",
			resolver: &resolver{zone: map[string][]string{"shop.example": {}, "example": {}}},
		},
		"no such name, and the parent's policy all the same": {
			host:     "gone.acme.example",
			resolver: &resolver{zone: map[string][]string{"acme.example": {`acme.example. CAA 0 issue "pki.goog"`}, "example": {}}},
			want:     facts.DNSRecords{NXDomain: true, CAA: []facts.CAA{{Domain: "acme.example", Tag: "issue", Value: "pki.goog"}}},
		},
		"an alias that the resolver followed": {
			host: "www.example",
			resolver: &resolver{zone: map[string][]string{
				"www.example": {"www.example. CNAME lb.acme.example.", "lb.acme.example. A 192.0.2.7", `lb.acme.example. CAA 128 Issue ";"`},
				"example":     {`example. CAA 0 issue "other.example"`},
			}},
			want: facts.DNSRecords{A: addrs("192.0.2.7"), CAA: []facts.CAA{{Domain: "www.example", Flag: 128, Tag: "issue", Value: ";"}}},
		},
		"an alias to nothing is a name that exists": {
			host: "www.example",
			resolver: &resolver{
				zone:   map[string][]string{"www.example": {"www.example. CNAME gone.acme.example."}, "example": {}},
				rcodes: map[string]int{"www.example": mdns.RcodeNameError},
			},
		},
		"one family says that the name doesn't exist": {
			host: "odd.example",
			resolver: &resolver{
				zone:   map[string][]string{"odd.example": {"odd.example. A 192.0.2.7"}, "example": {}},
				rcodes: map[string]int{"odd.example AAAA": mdns.RcodeNameError},
			},
			want: facts.DNSRecords{A: addrs("192.0.2.7")},
		},
		"the host's own policy hides its parent's": {
			host: "shop.acme.example",
			resolver: &resolver{zone: map[string][]string{
				"shop.acme.example": {"shop.acme.example. A 192.0.2.7", `shop.acme.example. CAA 0 iodef "mailto:dana@acme.example"`},
				"acme.example":      {`acme.example. CAA 0 issue "letsencrypt.org"`}, "example": {},
			}},
			want: facts.DNSRecords{A: addrs("192.0.2.7"), CAA: []facts.CAA{{Domain: "shop.acme.example", Tag: "iodef", Value: "mailto:dana@acme.example"}}},
		},
		"the policy of the top-level domain": {
			host:     "shop.acme.example.",
			resolver: &resolver{zone: map[string][]string{"shop.acme.example": {}, "acme.example": {}, "example": {`example. CAA 0 issuewild "pki.goog"`}}},
			want:     facts.DNSRecords{CAA: []facts.CAA{{Domain: "example", Tag: "issuewild", Value: "pki.goog"}}},
		},
		"answers that don't fit in UDP": {
			host: "big.example",
			resolver: &resolver{
				zone: map[string][]string{"big.example": {"big.example. A 192.0.2.7", `big.example. CAA 0 issue "pki.goog"`}, "example": {}},
				cut:  map[string]bool{"big.example": true},
			},
			want: facts.DNSRecords{A: addrs("192.0.2.7"), CAA: []facts.CAA{{Domain: "big.example", Tag: "issue", Value: "pki.goog"}}},
		},
		"an authority that doesn't resolve, for its own zone": {
			host: "shop.example",
			resolver: &resolver{
				zone:   map[string][]string{"shop.example": {"shop.example. CNAME lb.example.", "lb.example. A 192.0.2.7", "lb.example. AAAA 2001:db8::7", `lb.example. CAA 0 issue "pki.goog"`}},
				change: func(m *mdns.Msg) { m.RecursionAvailable, m.Authoritative = false, true },
			},
			want: facts.DNSRecords{A: addrs("192.0.2.7"), AAAA: addrs("2001:db8::7"), CAA: []facts.CAA{{Domain: "shop.example", Tag: "issue", Value: "pki.goog"}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := look(t, test.resolver, test.host)
			records, ok := got.Get()
			if !ok || !got.Known() {
				t.Fatal(got.Err())
			}
			if diff := cmp.Diff(test.want, records, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	zone := map[string][]string{"shop.example": {"shop.example. A 192.0.2.7"}, "example": {`example. CAA 0 issue "pki.goog"`}}
	tests := map[string]struct {
		*resolver
		status string
		// addresses are known all the same.
		addresses bool
	}{
		"the resolver fails":         {resolver: &resolver{rcodes: map[string]int{"shop.example": mdns.RcodeServerFailure}}, status: "SERVFAIL"},
		"it refuses":                 {resolver: &resolver{rcodes: map[string]int{"shop.example": mdns.RcodeRefused}}, status: "REFUSED"},
		"it says nothing":            {resolver: &resolver{silent: map[string]bool{"shop.example": true}}, status: "timeout"},
		"it fails for A alone":       {resolver: &resolver{zone: zone, rcodes: map[string]int{"shop.example A": mdns.RcodeServerFailure}}, status: "SERVFAIL"},
		"it fails for AAAA alone":    {resolver: &resolver{zone: zone, rcodes: map[string]int{"shop.example AAAA": mdns.RcodeServerFailure}}, status: "SERVFAIL"},
		"it fails for CAA alone":     {resolver: &resolver{zone: zone, rcodes: map[string]int{"shop.example CAA": mdns.RcodeServerFailure}}, status: "SERVFAIL", addresses: true},
		"it fails for parents alone": {resolver: &resolver{zone: zone, rcodes: map[string]int{"example": mdns.RcodeServerFailure}}, status: "SERVFAIL", addresses: true},
		"it refers to others":        {resolver: &resolver{zone: map[string][]string{"shop.example": {}}, change: func(m *mdns.Msg) { m.RecursionAvailable = false }}, status: "the resolver doesn't resolve"},
		"an authority has only an alias to elsewhere": {
			resolver: &resolver{zone: map[string][]string{"shop.example": {"shop.example. CNAME lb.acme.example."}}, change: func(m *mdns.Msg) { m.RecursionAvailable, m.Authoritative = false, true }},
			status:   "the resolver doesn't resolve",
		},
		"it answers something else": {resolver: &resolver{zone: zone, change: func(m *mdns.Msg) { m.Question[0].Name = "other.example." }}, status: "an answer to another question"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := look(t, test.resolver, "shop.example")
			var failed *facts.Error
			if !errors.As(got.Err(), &failed) || failed.Needs != "dns/shop.example" || failed.Status != test.status {
				t.Errorf("gap = %v, want dns/shop.example: %s", got.Err(), test.status)
			}
			records, ok := got.Get()
			if ok != test.addresses || got.Lacks(dns.LacksCAA) != true || got.IsAbsent() {
				t.Errorf("found %t: %v, lacks CAA %t", ok, records, got.Lacks(dns.LacksCAA))
			}
			if ok && (len(records.A) != 1 || records.CAA != nil) {
				t.Errorf("records = %v", records)
			}
		})
	}
}

func TestASilentResolverIsAskedTwiceOneThatFailsOnce(t *testing.T) {
	t.Parallel()
	s := &resolver{silent: map[string]bool{"shop.example": true}, rcodes: map[string]int{"example": mdns.RcodeServerFailure}}
	look(t, s, "shop.example")
	want := map[string]int{"shop.example A": 2, "shop.example AAAA": 2, "shop.example CAA": 2, "example CAA": 1}
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsNoNameIsNotLookedUp(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", "*", "*.acme.example", "192.0.2.7", "2001:db8::7"} {
		s := &resolver{}
		got := look(t, s, host)
		var failed *facts.Error
		if got.Known() || errors.As(got.Err(), &failed) || !errors.Is(got.Err(), facts.ErrNotRead) || len(s.asked) != 0 {
			t.Errorf("%q: %v, asked %v", host, got.Err(), s.asked)
		}
	}
	s := &resolver{}
	var failed *facts.Error
	if err := look(t, s, "a..example").Err(); !errors.As(err, &failed) || failed.Status != "not a domain name" || len(s.asked) != 0 {
		t.Errorf("a name with an empty label: %v", err)
	}
}

func TestTheContextEndsALookUp(t *testing.T) {
	t.Parallel()
	s := &resolver{silent: map[string]bool{"shop.example": true}}
	r, err := dns.New(dns.Config{Server: start(t, s), Attempt: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			s.mu.Lock()
			all := len(s.asked) == 4
			s.mu.Unlock()
			if all {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	var failed *facts.Error
	if err := r.Lookup(ctx, "shop.example").Err(); !errors.As(err, &failed) || failed.Status != "canceled" {
		t.Errorf("gap = %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := packets.LocalAddr().String()
	if err = packets.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := dns.New(dns.Config{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	var failed *facts.Error
	if err := r.Lookup(t.Context(), "shop.example").Err(); !errors.As(err, &failed) || failed.Status != "connection refused" {
		t.Errorf("gap = %v", err)
	}
}

func TestLookUpsAreNotAPIRequests(t *testing.T) {
	t.Parallel()
	r, err := dns.New(dns.Config{Server: start(t, &resolver{zone: map[string][]string{"shop.example": {}, "example": {}}})})
	if err != nil {
		t.Fatal(err)
	}
	var count meter.Meter
	if got := r.Lookup(meter.Chain(meter.With(t.Context(), &count)), "shop.example"); !got.Known() {
		t.Error(got.Err())
	}
	if count.Calls() != 0 || count.Rounds() != 0 {
		t.Errorf("calls, rounds = %d, %d", count.Calls(), count.Rounds())
	}
}
