package fakecloud

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"plumbline/internal/scenario"
)

// dnsTTL is the time to live of every record, in seconds.
const dnsTTL = 300

// A resolver answers A, AAAA and CAA from the world's dns.yaml, over UDP and TCP on
// one port. Of a host that isn't listed it knows nothing and fails (SERVFAIL), which
// is not the same as NXDOMAIN.
type resolver struct {
	cloud    *Cloud
	addr     string
	udp, tcp *dns.Server
	serving  sync.WaitGroup

	mu    sync.Mutex
	asked []DNSQuestion
}

// A DNSQuestion is one question that arrived.
type DNSQuestion struct {
	// Name is lower-case, without the final dot; Type is A, AAAA, CAA or another.
	Name, Type string
}

// The attempts to find a port that is free for both UDP and TCP.
const portAttempts = 20

func startResolver(c *Cloud) (*resolver, error) {
	listener, packets, err := listenDNS()
	if err != nil {
		return nil, err
	}
	r := &resolver{cloud: c, addr: listener.Addr().String()}
	started := make(chan struct{}, 2)
	r.tcp = &dns.Server{Listener: listener, Handler: r, NotifyStartedFunc: func() { started <- struct{}{} }}
	r.udp = &dns.Server{PacketConn: packets, Handler: r, NotifyStartedFunc: func() { started <- struct{}{} }}
	r.serving.Go(func() { _ = r.tcp.ActivateAndServe() })
	r.serving.Go(func() { _ = r.udp.ActivateAndServe() })
	<-started
	<-started
	return r, nil
}

func listenDNS() (*net.TCPListener, *net.UDPConn, error) {
	for attempt := 1; ; attempt++ {
		listener, err := listenLoopback("")
		if err != nil {
			return nil, nil, err
		}
		packets, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(portOf(listener)))
		if err == nil {
			return listener, packets, nil
		}
		_ = listener.Close()
		if attempt == portAttempts {
			return nil, nil, fmt.Errorf("finding a port that is free for UDP and TCP: %w", err)
		}
	}
}

func portOf(listener *net.TCPListener) netip.AddrPort {
	at, _ := netip.ParseAddrPort(listener.Addr().String())
	return at
}

// stop waits for the answers under way; the Cloud's end cuts their delay short.
func (r *resolver) stop() {
	_ = r.tcp.Shutdown()
	_ = r.udp.Shutdown()
	r.serving.Wait()
}

// ServeDNS implements dns.Handler.
func (r *resolver) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	answer := new(dns.Msg).SetReply(request)
	answer.RecursionAvailable = true
	if len(request.Question) != 1 || request.Opcode != dns.OpcodeQuery || request.Question[0].Qclass != dns.ClassINET {
		answer.Rcode = dns.RcodeNotImplemented
		_ = w.WriteMsg(answer)
		return
	}
	q := request.Question[0]
	r.note(q)
	if !r.cloud.delay(nil) {
		return
	}
	r.answer(answer, q, r.cloud.state.Load().world.DNS)
	if w.RemoteAddr().Network() == "udp" {
		size := dns.MinMsgSize
		if edns := request.IsEdns0(); edns != nil {
			size = int(max(edns.UDPSize(), dns.MinMsgSize))
			answer.SetEdns0(edns.UDPSize(), false)
		}
		answer.Truncate(size)
	}
	_ = w.WriteMsg(answer)
}

// answer fills in what the world says. A domain above a listed host exists: a
// client that climbs for CAA finds no records there.
func (r *resolver) answer(m *dns.Msg, q dns.Question, hosts map[string]scenario.DNSRecord) {
	name := hostName(q.Name)
	record, listed := scenario.DNSRecord{}, false
	above := false
	for host, has := range hosts {
		switch host = hostName(host); {
		case host == name:
			record, listed = has, true
		case name == "" || strings.HasSuffix(host, "."+name):
			above = true
		}
	}
	switch {
	case listed && record.NXDOMAIN:
		m.Rcode = dns.RcodeNameError
	case listed && recordsServed(q.Qtype):
		m.Answer = records(q, record)
	case !listed && above && q.Qtype == dns.TypeCAA:
	default:
		m.Rcode = dns.RcodeServerFailure
		return
	}
	if len(m.Answer) == 0 {
		m.Ns = []dns.RR{&dns.SOA{
			Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: dnsTTL},
			Ns:  "ns.invalid.", Mbox: "hostmaster.invalid.", Serial: 1, Refresh: dnsTTL, Retry: dnsTTL, Expire: dnsTTL, Minttl: dnsTTL,
		}}
	}
}

func recordsServed(typ uint16) bool {
	return typ == dns.TypeA || typ == dns.TypeAAAA || typ == dns.TypeCAA
}

func records(q dns.Question, record scenario.DNSRecord) []dns.RR {
	var found []dns.RR
	header := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: dnsTTL}
	switch q.Qtype {
	case dns.TypeA:
		for _, text := range record.A {
			if ip := net.ParseIP(text).To4(); ip != nil {
				found = append(found, &dns.A{Hdr: header, A: ip})
			}
		}
	case dns.TypeAAAA:
		for _, text := range record.AAAA {
			if ip := net.ParseIP(text); ip != nil {
				found = append(found, &dns.AAAA{Hdr: header, AAAA: ip})
			}
		}
	case dns.TypeCAA:
		for _, text := range record.CAA {
			found = append(found, caa(header, text))
		}
	}
	return found
}

// caa reads a CAA record as zone files have it, `0 issue "pki.goog"`. The flags may
// be left out, and a lone word is who may issue.
func caa(header dns.RR_Header, text string) *dns.CAA {
	record := &dns.CAA{Hdr: header, Tag: "issue"}
	rest := strings.TrimSpace(text)
	if first, after, ok := strings.Cut(rest, " "); ok {
		if _, err := fmt.Sscanf(first, "%d", &record.Flag); err == nil {
			rest = strings.TrimSpace(after)
		}
	}
	if tag, value, ok := strings.Cut(rest, " "); ok {
		record.Tag, rest = strings.ToLower(tag), strings.TrimSpace(value)
	}
	record.Value = strings.Trim(rest, `"`)
	return record
}

// hostName is a host as dns.yaml has it: lower-case, no final dot.
func hostName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

func (r *resolver) note(q dns.Question) {
	typ, ok := dns.TypeToString[q.Qtype]
	if !ok {
		typ = fmt.Sprintf("TYPE%d", q.Qtype)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, DNSQuestion{Name: hostName(q.Name), Type: typ})
}

func (r *resolver) questions() []DNSQuestion {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]DNSQuestion(nil), r.asked...)
}
