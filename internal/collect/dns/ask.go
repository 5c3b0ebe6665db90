package dns

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/miekg/dns"
)

// udpSize is how large an answer over UDP may be: what fits in one packet
// everywhere.
const udpSize = 1232

// rounds is how often a resolver that says nothing is asked: UDP loses packets.
const rounds = 2

// refused is what a resolver said instead of an answer, in a few words.
type refused string

func (r refused) Error() string { return string(r) }

const (
	errNoName       = refused("not a domain name")
	errNotRecursive = refused("the resolver doesn't resolve")
	errOtherAnswer  = refused("an answer to another question")
)

// ask puts a question to the resolvers in turn until one answers: with records, with
// none, or that the name doesn't exist.
func (r *Resolver) ask(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind).SetEdns0(udpSize, false)
	var failed error
	left := r.servers
	for range rounds {
		var silent []string
		for _, server := range left {
			answer, err := r.answer(ctx, server, question)
			if err == nil {
				return answer, nil
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if timedOut(err) {
				silent = append(silent, server)
			}
			if failed == nil || !timedOut(err) {
				failed = err
			}
		}
		left = silent
	}
	return nil, failed
}

func timedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// answer is what one resolver says, over TCP where UDP is too small for it.
func (r *Resolver) answer(ctx context.Context, server string, question *dns.Msg) (*dns.Msg, error) {
	said, err := r.exchange(ctx, "udp", server, question)
	if err == nil && said.Truncated {
		said, err = r.exchange(ctx, "tcp", server, question)
	}
	if err != nil {
		return nil, err
	}
	switch said.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
	default:
		return nil, refused(dns.RcodeToString[said.Rcode])
	}
	switch {
	case !said.Response || !sameQuestion(said, question):
		return nil, errOtherAnswer
	case !final(said, question.Question[0].Qtype):
		return nil, errNotRecursive
	}
	return said, nil
}

func sameQuestion(said, question *dns.Msg) bool {
	if len(said.Question) != 1 {
		return false
	}
	got, want := said.Question[0], question.Question[0]
	return got.Qtype == want.Qtype && got.Qclass == want.Qclass && strings.EqualFold(got.Name, want.Name)
}

// final tells an answer from a referral. Who doesn't resolve for others may answer
// for its own zones, but an alias can lead out of them.
func final(said *dns.Msg, kind uint16) bool {
	if said.RecursionAvailable {
		return true
	}
	for _, record := range said.Answer {
		if record.Header().Rrtype == kind {
			return said.Authoritative
		}
	}
	return said.Authoritative && !aliased(said)
}

// exchange sends the question once. The vendor's client minds a deadline of the
// context but not its end: that closes the connection.
func (r *Resolver) exchange(ctx context.Context, network, server string, question *dns.Msg) (*dns.Msg, error) {
	client := dns.Client{Net: network, Timeout: r.attempt}
	conn, err := client.DialContext(ctx, server)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	said, _, err := client.ExchangeWithConnContext(ctx, question.Copy(), conn)
	if stop() {
		_ = conn.Close()
	}
	return said, err
}
