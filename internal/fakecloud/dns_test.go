package fakecloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"plumbline/internal/scenario"
)

func zone() *scenario.World {
	many := scenario.DNSRecord{}
	for i := range 100 {
		many.A = append(many.A, fmt.Sprintf("198.51.100.%d", i))
	}
	return &scenario.World{Project: "p", DNS: map[string]scenario.DNSRecord{
		"Shop.acme.example": {A: []string{"203.0.113.7"}, AAAA: []string{"2001:db8::7"}, CAA: []string{
			`0 issue "pki.goog"`, `128 iodef "mailto:security@acme.example"`, `issuewild ";"`, "letsencrypt.org", `0 issue "sectigo.com; policy=ev"`,
		}},
		"bare.acme.example": {},
		"gone.acme.example": {NXDOMAIN: true},
		"many.acme.example": many,
	}}
}

// ask returns the code of the answer and its records, without name and TTL.
func ask(t *testing.T, c *Cloud, network, name string, typ uint16) (code string, records []string) {
	t.Helper()
	answer, _, err := (&dns.Client{Net: network}).ExchangeContext(t.Context(), new(dns.Msg).SetQuestion(dns.Fqdn(name), typ), c.DNS())
	if err != nil {
		t.Fatal(err)
	}
	for _, rr := range answer.Answer {
		records = append(records, rr.String()[len(rr.Header().String()):])
	}
	if soa := len(answer.Ns) == 1; soa != (len(records) == 0 && answer.Rcode != dns.RcodeServerFailure) {
		t.Errorf("%s: authority %v", name, answer.Ns)
	}
	return dns.RcodeToString[answer.Rcode], records
}

func TestDNS(t *testing.T) {
	t.Parallel()
	c := start(t, zone(), Options{})
	for _, network := range []string{"udp", "tcp"} {
		for _, row := range []struct {
			name string
			typ  uint16
			code string
			want []string
		}{
			{"shop.ACME.example", dns.TypeA, "NOERROR", []string{"203.0.113.7"}},
			{"shop.acme.example", dns.TypeAAAA, "NOERROR", []string{"2001:db8::7"}},
			{"shop.acme.example", dns.TypeCAA, "NOERROR", []string{
				`0 issue "pki.goog"`, `128 iodef "mailto:security@acme.example"`, `0 issuewild ";"`, `0 issue "letsencrypt.org"`, `0 issue "sectigo.com; policy=ev"`,
			}},
			{"shop.acme.example", dns.TypeTXT, "SERVFAIL", nil},
			{"bare.acme.example", dns.TypeA, "NOERROR", nil},
			{"bare.acme.example", dns.TypeCAA, "NOERROR", nil},
			{"gone.acme.example", dns.TypeA, "NXDOMAIN", nil},
			{"gone.acme.example", dns.TypeCAA, "NXDOMAIN", nil},
			{"unlisted.acme.example", dns.TypeA, "SERVFAIL", nil},
			{"unlisted.acme.example", dns.TypeCAA, "SERVFAIL", nil},
			{"acme.example", dns.TypeCAA, "NOERROR", nil},
			{"example", dns.TypeCAA, "NOERROR", nil},
			{".", dns.TypeCAA, "NOERROR", nil},
			{"acme.example", dns.TypeA, "SERVFAIL", nil},
			{"cme.example", dns.TypeCAA, "SERVFAIL", nil},
		} {
			code, records := ask(t, c, network, row.name, row.typ)
			if diff := cmp.Diff(row.want, records); code != row.code || diff != "" {
				t.Errorf("%s %s over %s: %s\n%s", dns.TypeToString[row.typ], row.name, network, code, diff)
			}
		}
	}
	if asked := c.DNSQuestions(); len(asked) != 30 || asked[0] != (DNSQuestion{"shop.acme.example", "A"}) {
		t.Errorf("questions: %v", asked)
	}
	if n := len(c.Requests()); n != 0 {
		t.Errorf("%d requests of an API", n)
	}
}

// Go's own resolver must tell the three apart.
func TestGoResolvesThroughTheFake(t *testing.T) {
	t.Parallel()
	c := start(t, zone(), Options{})
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, c.DNS())
	}}
	got, err := r.LookupHost(t.Context(), "shop.acme.example.")
	slices.Sort(got)
	if err != nil || !slices.Equal(got, []string{"2001:db8::7", "203.0.113.7"}) {
		t.Errorf("shop: %v, %v", got, err)
	}
	for host, notFound := range map[string]bool{"gone.acme.example.": true, "bare.acme.example.": true, "unlisted.acme.example.": false} {
		_, err := r.LookupHost(t.Context(), host)
		e, ok := errors.AsType[*net.DNSError](err)
		if !ok || e.IsNotFound != notFound {
			t.Errorf("%s: %v", host, err)
		}
	}
	if got, err := r.LookupHost(t.Context(), "many.acme.example."); err != nil || len(got) != 100 {
		t.Errorf("an answer that doesn't fit UDP: %d addresses, %v", len(got), err)
	}
}

func TestDNSTruncatesOverUDP(t *testing.T) {
	t.Parallel()
	c := start(t, zone(), Options{})
	q := new(dns.Msg).SetQuestion("many.acme.example.", dns.TypeA)
	small, _, err := (&dns.Client{}).ExchangeContext(t.Context(), q, c.DNS())
	if err != nil || !small.Truncated || len(small.Answer) == 100 {
		t.Errorf("512 bytes: truncated %v, %v", small.Truncated, err)
	}
	large, _, err := (&dns.Client{UDPSize: 4096}).ExchangeContext(t.Context(), q.SetEdns0(4096, false), c.DNS())
	if err != nil || large.Truncated || len(large.Answer) != 100 {
		t.Errorf("4096 bytes: truncated %v, %v", large.Truncated, err)
	}
}

func TestDNSDelayEndsWithTheCloud(t *testing.T) {
	t.Parallel()
	c := start(t, zone(), Options{Latency: time.Hour})
	ended := make(chan error, 1)
	conn, err := (&dns.Client{Net: "tcp"}).DialContext(t.Context(), c.DNS())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.WriteMsg(new(dns.Msg).SetQuestion("shop.acme.example.", dns.TypeA)); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := conn.ReadMsg()
		ended <- err
	}()
	for len(c.DNSQuestions()) == 0 {
		time.Sleep(time.Millisecond)
	}
	c.Close()
	if err := <-ended; err == nil {
		t.Error("an answer came before its time")
	}
}
