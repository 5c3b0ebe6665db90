package dns

import (
	"context"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"plumbline/internal/facts"
)

// caa are the CAA records that count for a host: its own, or those of the closest
// parent that has any, up to the top-level domain (RFC 8659 §3). An alias is followed
// at each of these names, not to the parents of what it names. All are asked at once;
// one that fails hides what stands above it, as it does from an authority.
func (r *Resolver) caa(ctx context.Context, host string) ([]facts.CAA, error) {
	domains := upwards(host)
	records := make([][]facts.CAA, len(domains))
	failed := make([]error, len(domains))
	var underWay sync.WaitGroup
	for i, domain := range domains {
		underWay.Go(func() { records[i], failed[i] = r.caaAt(ctx, domain) })
	}
	underWay.Wait()
	for i := range domains {
		if failed[i] != nil || len(records[i]) > 0 {
			return records[i], failed[i]
		}
	}
	return nil, nil
}

func (r *Resolver) caaAt(ctx context.Context, domain string) ([]facts.CAA, error) {
	answer, err := r.ask(ctx, domain, dns.TypeCAA)
	if err != nil {
		return nil, err
	}
	var records []facts.CAA
	for _, record := range answer.Answer {
		if c, ok := record.(*dns.CAA); ok {
			records = append(records, facts.CAA{Domain: domain, Flag: c.Flag, Tag: strings.ToLower(c.Tag), Value: c.Value})
		}
	}
	return records, nil
}

// upwards are a host and its parents, closest first.
func upwards(host string) []string {
	var domains []string
	for domain := strings.TrimSuffix(host, "."); domain != ""; {
		domains = append(domains, domain)
		_, domain, _ = strings.Cut(domain, ".")
	}
	return domains
}
