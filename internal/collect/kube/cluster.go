package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"plumbline/internal/collect/refusal"
	"plumbline/internal/facts"
)

// connect is the permission to come in by the DNS endpoint; its lack refuses
// everything, whatever was asked (gcp-facts.md §8).
const connect = "container.clusters.connect"

// A Cluster reads the objects of one cluster. Its reads return errors as
// *facts.Error: the permission for a refusal, kubernetes/CLUSTER when the control
// plane can't be reached or doesn't take our token. An empty namespace means all.
type Cluster struct {
	name   string
	access Access
	// direct is access.Client without redirects: an API server sends none, and the
	// token isn't for where one would lead.
	direct *http.Client
}

func newCluster(name string, access Access) *Cluster {
	direct := *access.Client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Cluster{name: name, access: access, direct: &direct}
}

// A resource is one row of an API server's discovery, and what reading it needs.
type resource struct {
	needs                  facts.Kind
	group, version, plural string
	// optional: a cluster may do without it, and then its list is absent.
	optional bool
}

// unread is the Value of a read that failed.
func unread[T any](ctx context.Context, c *Cluster, r resource, namespace string, err error) facts.Value[T] {
	needs, status := c.classify(ctx, r.needs, err)
	what := r.plural
	if namespace != "" {
		what += " in " + namespace
	}
	return facts.Unknown[T](&facts.Error{Needs: needs, Status: status, Err: fmt.Errorf("reading %s of %s: %w", what, c.name, err)})
}

// classify tells what an error is a lack of, and its short form.
func (c *Cluster) classify(ctx context.Context, kind facts.Kind, err error) (needs, status string) {
	var lost *connectionError
	var no *refusedError
	var cut *cutError
	switch {
	case errors.As(err, &lost) && lost.slow, ctx.Err() != nil && !errors.As(err, &lost):
		return string(kind), refusal.Connection(context.Cause(ctx))
	case errors.As(err, &lost):
		return gap(c.name), lost.status
	case errors.As(err, &cut):
		return string(kind), "answer broke off"
	case errors.Is(err, errTooLarge):
		return string(kind), errTooLarge.Error()
	case !errors.As(err, &no):
		return string(kind), "unreadable answer"
	case no.code == http.StatusUnauthorized:
		return gap(c.name), refusal.HTTP(no.code)
	case no.code == http.StatusForbidden && strings.Contains(no.text, connect):
		return gap(c.name), refusal.HTTP(no.code) + " " + connect
	}
	return string(kind), refusal.HTTP(no.code)
}
