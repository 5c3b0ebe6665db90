package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"plumbline/internal/facts"
)

// bodyLimit is how much of an answer is looked at, and only to tell the API server
// from the app; then it is dropped.
const bodyLimit = 1 << 10

var errNoAccess = errors.New("the cluster was not read")

// An asker asks the pods of one cluster.
type asker struct {
	cluster string
	base    *url.URL
	client  *http.Client
	now     time.Time
}

// ask sends one request and makes sense of what came back.
func (a asker) ask(ctx context.Context, r facts.ProbeRequest) facts.Value[facts.ProbeAnswer] {
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	req, err := a.request(traced, r)
	if err != nil {
		return unknown(string(facts.Probes), "not a request", err)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return a.unanswered(ctx, connected.Load(), err)
	}
	defer func() { _ = resp.Body.Close() }()
	// The status is the answer: a body that breaks off changes nothing.
	head, _ := io.ReadAll(io.LimitReader(resp.Body, bodyLimit))
	if own, status := fromAPIServer(resp, head); own {
		return a.refused(status, resp.StatusCode)
	}
	return facts.Found(facts.ProbeAnswer{
		Status:   resp.StatusCode,
		Location: undo(resp.Header.Get("Location"), prefix(r), a.base.Host),
		HostSent: a.base.Host,
		At:       a.now,
	})
}

func (a asker) request(ctx context.Context, r facts.ProbeRequest) (*http.Request, error) {
	asked, err := url.Parse(r.Path)
	if err != nil {
		return nil, fmt.Errorf("reading the path %q: %w", r.Path, err)
	}
	target := *a.base
	target.Path = prefix(r) + asked.Path
	target.RawPath = prefix(r) + asked.EscapedPath()
	target.RawQuery = asked.RawQuery
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s/%s: %w", r.Namespace, r.Pod, err)
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept-Encoding", "identity") // Google's prober takes no other
	return req, nil
}

// unanswered is a request without an answer. Where the API server was reached, the
// pod kept it waiting for longer than a health check waits; otherwise nothing is
// known of the pod.
func (a asker) unanswered(ctx context.Context, reached bool, err error) facts.Value[facts.ProbeAnswer] {
	var timeout interface{ Timeout() bool }
	slow := ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout()
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return unknown(string(facts.Probes), "canceled", err)
	case reached && slow:
		return facts.Found(facts.ProbeAnswer{Unreachable: "no answer in time", HostSent: a.base.Host, At: a.now})
	case slow:
		return unknown(controlPlane(a.cluster), "timeout", err)
	}
	return unknown(controlPlane(a.cluster), "no connection", err)
}

func unknown(needs, status string, err error) facts.Value[facts.ProbeAnswer] {
	return facts.Unknown[facts.ProbeAnswer](&facts.Error{Needs: needs, Status: status, Err: fmt.Errorf("asking a pod: %w", err)})
}

// controlPlane names the gap of a control plane out of reach.
func controlPlane(cluster string) string { return "kubernetes/" + facts.LastSegment(cluster) }
