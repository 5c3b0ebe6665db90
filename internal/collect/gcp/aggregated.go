package gcp

import (
	"context"
	"errors"
	"slices"
	"strings"

	compute "cloud.google.com/go/compute/apiv1"
	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/iterator"

	"plumbline/internal/facts"
)

// pageSize is the most that the Compute API returns at once.
const pageSize = 500

// BackendServices reads those of all scopes, global and regional.
func (r *Reader) BackendServices(ctx context.Context, project string) facts.Value[[]*computepb.BackendService] {
	const needs = facts.BackendServices
	what := "backend services of " + project
	client, err := compute.NewBackendServicesRESTClient(ctx, r.options(ctx, "")...)
	if err != nil {
		return unread[[]*computepb.BackendService](needs, what, err)
	}
	it := client.AggregatedList(ctx, &computepb.AggregatedListBackendServicesRequest{Project: project, MaxResults: new(uint32(pageSize))}, once())
	found, err := everyScope(it.Next, func() any { return it.Response },
		func(p compute.BackendServicesScopedListPair) scope[*computepb.BackendService] {
			return scope[*computepb.BackendService]{p.Key, p.Value.GetBackendServices(), p.Value.GetWarning()}
		})
	return whole(needs, what, found, err)
}

// HealthChecks reads those of all scopes.
func (r *Reader) HealthChecks(ctx context.Context, project string) facts.Value[[]*computepb.HealthCheck] {
	const needs = facts.HealthChecks
	what := "health checks of " + project
	client, err := compute.NewHealthChecksRESTClient(ctx, r.options(ctx, "")...)
	if err != nil {
		return unread[[]*computepb.HealthCheck](needs, what, err)
	}
	it := client.AggregatedList(ctx, &computepb.AggregatedListHealthChecksRequest{Project: project, MaxResults: new(uint32(pageSize))}, once())
	found, err := everyScope(it.Next, func() any { return it.Response },
		func(p compute.HealthChecksScopedListPair) scope[*computepb.HealthCheck] {
			return scope[*computepb.HealthCheck]{p.Key, p.Value.GetHealthChecks(), p.Value.GetWarning()}
		})
	return whole(needs, what, found, err)
}

// NEGs reads the network endpoint groups of all scopes.
func (r *Reader) NEGs(ctx context.Context, project string) facts.Value[[]*computepb.NetworkEndpointGroup] {
	const needs = facts.NEGs
	what := "network endpoint groups of " + project
	client, err := compute.NewNetworkEndpointGroupsRESTClient(ctx, r.options(ctx, "")...)
	if err != nil {
		return unread[[]*computepb.NetworkEndpointGroup](needs, what, err)
	}
	it := client.AggregatedList(ctx, &computepb.AggregatedListNetworkEndpointGroupsRequest{Project: project, MaxResults: new(uint32(pageSize))}, once())
	found, err := everyScope(it.Next, func() any { return it.Response },
		func(p compute.NetworkEndpointGroupsScopedListPair) scope[*computepb.NetworkEndpointGroup] {
			return scope[*computepb.NetworkEndpointGroup]{p.Key, p.Value.GetNetworkEndpointGroups(), p.Value.GetWarning()}
		})
	return whole(needs, what, found, err)
}

// InstanceGroups reads those of all zones and regions.
func (r *Reader) InstanceGroups(ctx context.Context, project string) facts.Value[[]*computepb.InstanceGroup] {
	const needs = facts.InstanceGroups
	what := "instance groups of " + project
	client, err := compute.NewInstanceGroupsRESTClient(ctx, r.options(ctx, "")...)
	if err != nil {
		return unread[[]*computepb.InstanceGroup](needs, what, err)
	}
	it := client.AggregatedList(ctx, &computepb.AggregatedListInstanceGroupsRequest{Project: project, MaxResults: new(uint32(pageSize))}, once())
	found, err := everyScope(it.Next, func() any { return it.Response },
		func(p compute.InstanceGroupsScopedListPair) scope[*computepb.InstanceGroup] {
			return scope[*computepb.InstanceGroup]{p.Key, p.Value.GetInstanceGroups(), p.Value.GetWarning()}
		})
	return whole(needs, what, found, err)
}

// A scope is one key of an aggregated list: `global`, `regions/R`, `zones/Z`.
type scope[T any] struct {
	name    string
	items   []T
	warning *computepb.Warning
}

// A partialError names the scopes that did not answer an aggregated list.
type partialError struct{ scopes []string }

func (e partialError) Error() string { return "no answer from " + strings.Join(e.scopes, ", ") }

// everyScope joins the pages and scopes of an aggregated list. A list that lacks a
// scope is an error: what is missing could be anywhere (architecture.md §5). The
// vendor's iterator skips a page without any scope, and with it what that page
// says of unreachable ones; the API sends none but the last, which is looked at.
func everyScope[P, T any](next func() (P, error), response func() any, of func(P) scope[T]) ([]T, error) {
	var found []T
	var missing []string
	var page any
	for {
		pair, err := next()
		if r := response(); err == nil || errors.Is(err, iterator.Done) {
			if r != page {
				page = r
				missing = append(missing, unreachables(r)...)
			}
		}
		switch {
		case errors.Is(err, iterator.Done) && len(missing) > 0:
			slices.Sort(missing)
			return nil, partialError{slices.Compact(missing)}
		case errors.Is(err, iterator.Done):
			return found, nil
		case err != nil:
			return nil, err
		}
		s := of(pair)
		if s.warning.GetCode() == "UNREACHABLE" {
			missing = append(missing, s.name)
		}
		found = append(found, s.items...)
	}
}

func unreachables(page any) []string {
	p, ok := page.(interface{ GetUnreachables() []string })
	if !ok {
		return nil
	}
	var scopes []string
	for _, url := range p.GetUnreachables() {
		scopes = append(scopes, facts.ScopePath(url))
	}
	return scopes
}

// whole is the Value of a list that was read to its end.
func whole[T any](needs facts.Kind, what string, found []T, err error) facts.Value[[]T] {
	if err != nil {
		return unread[[]T](needs, what, err)
	}
	return facts.Found(found)
}
