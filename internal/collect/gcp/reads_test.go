package gcp_test

import (
	"context"

	"plumbline/internal/collect/gcp"
	"plumbline/internal/facts"
)

// An outcome is what a test compares of a Value, whatever it holds.
type outcome struct {
	names  []string
	absent bool
	err    error
	lacks  func(scope string) bool
}

func lookAt[T any](v facts.Value[T], names func(T) []string) outcome {
	found, _ := v.Get()
	return outcome{names: names(found), absent: v.IsAbsent(), err: v.Err(), lacks: v.Lacks}
}

func lists[T any](v facts.Value[[]T], name func(T) string) outcome {
	return lookAt(v, func(items []T) []string {
		var names []string
		for _, item := range items {
			names = append(names, name(item))
		}
		return names
	})
}

// A read is one method of the Reader.
type read struct {
	needs facts.Kind
	// path is the name of an aggregated list: in the URL, and in the answer.
	path string
	// oneObject: a 404 means that it is gone.
	oneObject bool
	do        func(ctx context.Context, r *gcp.Reader) outcome
}

func named[T interface{ GetName() string }](read func(*gcp.Reader, context.Context, string) facts.Value[[]T]) func(context.Context, *gcp.Reader) outcome {
	return func(ctx context.Context, r *gcp.Reader) outcome { return lists(read(r, ctx, project), T.GetName) }
}

// aggregatedReads are the lists of all scopes.
var aggregatedReads = []read{
	{needs: facts.ForwardingRules, path: "forwardingRules", do: named((*gcp.Reader).ForwardingRules)},
	{needs: facts.Addresses, path: "addresses", do: named((*gcp.Reader).Addresses)},
	{needs: facts.TargetHTTPProxies, path: "targetHttpProxies", do: named((*gcp.Reader).TargetHTTPProxies)},
	{needs: facts.TargetHTTPSProxies, path: "targetHttpsProxies", do: named((*gcp.Reader).TargetHTTPSProxies)},
	{needs: facts.TargetTCPProxies, path: "targetTcpProxies", do: named((*gcp.Reader).TargetTCPProxies)},
	{needs: facts.SSLCertificates, path: "sslCertificates", do: named((*gcp.Reader).SSLCertificates)},
	{needs: facts.SSLPolicies, path: "sslPolicies", do: named((*gcp.Reader).SSLPolicies)},
	{needs: facts.URLMaps, path: "urlMaps", do: named((*gcp.Reader).URLMaps)},
	{needs: facts.BackendServices, path: "backendServices", do: named((*gcp.Reader).BackendServices)},
	{needs: facts.HealthChecks, path: "healthChecks", do: named((*gcp.Reader).HealthChecks)},
	{needs: facts.SecurityPolicies, path: "securityPolicies", do: named((*gcp.Reader).SecurityPolicies)},
	{needs: facts.NEGs, path: "networkEndpointGroups", do: named((*gcp.Reader).NEGs)},
	{needs: facts.InstanceGroups, path: "instanceGroups", do: named((*gcp.Reader).InstanceGroups)},
	{needs: facts.Subnetworks, path: "subnetworks", do: named((*gcp.Reader).Subnetworks)},
	{needs: facts.Instances, path: "instances", do: named((*gcp.Reader).Instances)},
}
