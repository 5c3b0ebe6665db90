// Package dns looks up the hosts that a load balancer serves: A, AAAA, and the CAA
// records that say who may issue their certificates. It asks a recursive resolver,
// which follows aliases. A look-up is no API request: it takes no permission and no
// quota, so package meter doesn't count it.
package dns

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"plumbline/internal/collect/refusal"
	"plumbline/internal/facts"
)

const (
	// DefaultAttempt is how long a resolver may take for one question.
	DefaultAttempt = 1500 * time.Millisecond
	resolvConf     = "/etc/resolv.conf"
)

// LacksCAA is what a Value of Lookup lacks (facts.Value.Lacks) when the addresses
// are known and the CAA records aren't.
const LacksCAA = "CAA"

// A Config says who is asked.
type Config struct {
	// Server is a resolver's host:port; empty means those of /etc/resolv.conf.
	Server string
	// Attempt is how long it may take for one question; 0 is DefaultAttempt.
	Attempt time.Duration
}

// A Resolver looks hosts up. It may be used by several goroutines and holds nothing
// open.
type Resolver struct {
	servers []string
	attempt time.Duration
}

// New finds the resolvers; it asks them nothing yet.
func New(c Config) (*Resolver, error) {
	r := &Resolver{servers: []string{c.Server}, attempt: c.Attempt}
	if r.attempt == 0 {
		r.attempt = DefaultAttempt
	}
	if c.Server == "" {
		servers, err := nameservers(resolvConf)
		if err != nil {
			return nil, err
		}
		r.servers = servers
	} else if _, _, err := net.SplitHostPort(c.Server); err != nil {
		return nil, fmt.Errorf("preparing DNS look-ups: the resolver's address: %w", err)
	}
	return r, nil
}

// nameservers are those of a resolv.conf; without one, that of this machine, as
// resolv.conf(5) says.
func nameservers(file string) ([]string, error) {
	found, err := dns.ClientConfigFromFile(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(found.Servers) == 0 {
		return []string{"127.0.0.1:53"}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("preparing DNS look-ups: reading %s: %w", file, err)
	}
	var servers []string
	for _, s := range found.Servers {
		servers = append(servers, net.JoinHostPort(s, found.Port))
	}
	return servers, nil
}

// Lookup finds the records of a host, which is taken as it is written, in ASCII. A
// wildcard or an address can't be looked up: the Value is that of something that
// wasn't read. Without an answer for A or for AAAA it is unknown, and Needs is
// dns/HOST; without one for CAA only, it lacks LacksCAA.
func (r *Resolver) Lookup(ctx context.Context, host string) facts.Value[facts.DNSRecords] {
	if !resolvable(host) {
		return facts.Value[facts.DNSRecords]{}
	}
	if _, ok := dns.IsDomainName(host); !ok {
		return facts.Unknown[facts.DNSRecords](failure(host, errNoName))
	}
	var (
		v4, v6            addresses
		policy            []facts.CAA
		noV4, noV6, noCAA error
		underWay          sync.WaitGroup
	)
	underWay.Go(func() { v4, noV4 = r.addresses(ctx, host, dns.TypeA) })
	underWay.Go(func() { v6, noV6 = r.addresses(ctx, host, dns.TypeAAAA) })
	underWay.Go(func() { policy, noCAA = r.caa(ctx, host) })
	underWay.Wait()

	if err := errors.Join(noV4, noV6); err != nil {
		return facts.Unknown[facts.DNSRecords](failure(host, err))
	}
	records := facts.DNSRecords{A: v4.found, AAAA: v6.found, CAA: policy, NXDomain: v4.noName && v6.noName}
	if noCAA != nil {
		return facts.FoundPartly(records, failure(host, noCAA), LacksCAA)
	}
	return facts.Found(records)
}

// resolvable tells a name from what an Ingress or a certificate has in its place.
func resolvable(host string) bool {
	if host == "" || strings.Contains(host, "*") {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err != nil
}

// failure is why a look-up gave no answer.
func failure(host string, err error) *facts.Error {
	return &facts.Error{Needs: string(facts.DNS) + "/" + host, Status: status(err), Err: fmt.Errorf("looking up %s: %w", host, err)}
}

func status(err error) string {
	if said, ok := errors.AsType[refused](err); ok {
		return said.Error()
	}
	return refusal.Connection(err)
}

// addresses are what one type of a host's records says.
type addresses struct {
	found []netip.Addr
	// noName: the host doesn't exist, of any type. An alias exists even where what it
	// names doesn't (RFC 2308 §2.1).
	noName bool
}

func (r *Resolver) addresses(ctx context.Context, host string, kind uint16) (addresses, error) {
	answer, err := r.ask(ctx, host, kind)
	if err != nil {
		return addresses{}, err
	}
	var found []netip.Addr
	for _, record := range answer.Answer {
		var raw net.IP
		switch record := record.(type) {
		case *dns.A:
			raw = record.A
		case *dns.AAAA:
			raw = record.AAAA
		}
		if addr, ok := netip.AddrFromSlice(raw); ok {
			if kind == dns.TypeA {
				addr = addr.Unmap()
			}
			found = append(found, addr)
		}
	}
	slices.SortFunc(found, netip.Addr.Compare)
	return addresses{slices.Compact(found), answer.Rcode == dns.RcodeNameError && !aliased(answer)}, nil
}

func aliased(answer *dns.Msg) bool {
	return slices.ContainsFunc(answer.Answer, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeCNAME })
}
