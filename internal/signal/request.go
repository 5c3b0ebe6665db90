package signal

import (
	"errors"
	"fmt"
	"strings"

	"plumbline/internal/facts"
)

// readRequest reads a request that a load balancer logged (gcp-facts.md §4). Ours
// are the 5xx that the load balancer made itself, not those of the app.
func readRequest(e *entry) (s Signal, quiet string, err error) {
	var r Request
	err = fields(e.httpRequest, "httpRequest", field{"status", &r.Status}, field{"requestUrl", &r.URL})
	if err != nil {
		return s, "", err
	}
	if r.Status < 500 || r.Status > 599 {
		return s, "", fmt.Errorf("%w: status %d", ErrIgnored, r.Status)
	}
	var details, proxy string
	err = fields(e.jsonPayload, "jsonPayload", field{"statusDetails", &details}, field{"proxyStatus", &proxy})
	if err != nil {
		return s, "", err
	}
	if r.Details = failure(details, proxy); r.Details == "" {
		return s, "", fmt.Errorf("%w: the backend answered %d", ErrIgnored, r.Status)
	}
	target, err := r.readTarget(e)
	if err != nil {
		return s, "", err
	}
	return Signal{Kind: RequestFailed, Target: target, Request: &r}, "", nil
}

// failure is what the load balancer says went wrong; empty when the answer is a
// backend's, perhaps out of the cache, or when it says nothing. Values that we
// don't know are failures: the list is open.
func failure(details, proxy string) string {
	switch details {
	case "response_sent_by_backend", "response_from_cache", "response_from_cache_validated", "byte_range_caching":
		return ""
	case "":
		if strings.Contains(proxy, "error=") {
			return proxy
		}
	}
	return details
}

// readTarget names what answered: the backend service, or the URL map where none
// was chosen.
func (r *Request) readTarget(e *entry) (facts.Ref, error) {
	var project, region, backend, backendType string
	err := fields(
		e.labels, "resource.labels",
		field{"project_id", &project}, field{"region", &region}, field{"backend_service_name", &r.BackendService},
		field{"backend_target_name", &backend}, field{"backend_target_type", &backendType},
		field{"url_map_name", &r.URLMap}, field{"forwarding_rule_name", &r.ForwardingRule},
	)
	if err != nil {
		return facts.Ref{}, err
	}
	isService := backendType == "" || backendType == "BACKEND_SERVICE"
	if r.BackendService == "" && isService && backend != "UNKNOWN" {
		r.BackendService = backend
	}
	if e.resource == "http_load_balancer" {
		region = "global"
	}
	ref := facts.Ref{Project: project, Scope: scopeOf(region), Kind: facts.KindBackendService, Name: r.BackendService}
	if ref.Name == "" {
		ref.Kind, ref.Name = facts.KindURLMap, r.URLMap
	}
	if !areNames(project, region) {
		return facts.Ref{}, fmt.Errorf("the labels of %s name project %q and region %q", e.resource, project, region)
	}
	if !areNames(ref.Name) {
		return facts.Ref{}, errors.New("the labels name neither a backend service nor a URL map")
	}
	return ref, nil
}
