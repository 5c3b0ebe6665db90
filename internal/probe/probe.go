// Package probe asks a pod what Google's health check asks it: a GET with the
// prober's user agent, redirects not followed, sent through the API server's
// pods/proxy. It is opt-in, read-only, and the last round of a diagnosis.
//
// The API server is not transparent, and what it changes is undone or recorded
// here: the pod sees the API server's Host (HostSent), a redirect comes back under
// the proxy's prefix, and a pod that it can't connect to is an answer of the API
// server, not of the app.
package probe

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

const (
	// limit is how long a pod may take to answer. Google's own checks wait for
	// timeoutSec, 5 s unless it is set.
	limit = 5 * time.Second
	// parallel is how many pods are asked at once.
	parallel = 16
	// userAgent is Google's prober's; apps make exceptions for it.
	userAgent = "GoogleHC/1.0"
)

// Access is the way into a control plane: a client that adds the token, verifies
// the server and counts requests, and the API server's address.
type Access struct {
	Client *http.Client
	Base   *url.URL
}

// A Prober asks pods. It may be used by several goroutines.
type Prober struct {
	access func(cluster string) (Access, bool)
	limit  time.Duration
}

// New makes a Prober; access finds the way into a cluster that was read before.
func New(access func(cluster string) (Access, bool)) *Prober {
	return &Prober{access: access, limit: limit}
}

// Probe asks all requests in parallel; each has an answer in the map. An unknown
// one has a *facts.Error that names container.pods.proxy, or kubernetes/CLUSTER
// when the control plane can't be reached.
func (p *Prober) Probe(ctx context.Context, cluster string, requests []facts.ProbeRequest, now time.Time) map[facts.ProbeRequest]facts.Value[facts.ProbeAnswer] {
	answers := make(map[facts.ProbeRequest]facts.Value[facts.ProbeAnswer], len(requests))
	access, ok := p.access(cluster)
	if !ok {
		for _, r := range requests {
			answers[r] = unknown(controlPlane(cluster), "no way in", errNoAccess)
		}
		return answers
	}
	a := asker{cluster: cluster, base: access.Base, client: direct(access.Client), now: now}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, r := range unique(requests) {
		group.Go(func() error {
			chain, cancel := context.WithTimeout(meter.Chain(ctx), p.limit)
			defer cancel()
			answer := a.ask(chain, r)
			mu.Lock()
			defer mu.Unlock()
			answers[r] = answer
			return nil
		})
	}
	_ = group.Wait() // an answer keeps its error as a Value
	return answers
}

// direct is the client without following redirects: Google's prober doesn't.
func direct(client *http.Client) *http.Client {
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

func unique(requests []facts.ProbeRequest) []facts.ProbeRequest {
	seen := map[facts.ProbeRequest]bool{}
	var out []facts.ProbeRequest
	for _, r := range requests {
		if !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	return out
}
