package signal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"plumbline/internal/facts"
)

// readRequest reads a request that a load balancer logged (gcp-facts.md §4). What
// triggers are the 5xx that the load balancer made itself, not those of the app; what
// else is logged tells how often and why, once somebody looks.
func readRequest(e *entry) (s Signal, quiet string, err error) {
	var r Request
	var latency string
	err = fields(
		e.httpRequest, "httpRequest",
		field{"status", &r.Status}, field{"requestUrl", &r.URL}, field{"userAgent", &r.UserAgent}, field{"latency", &latency},
	)
	if err != nil {
		return s, "", err
	}
	if r.Status < 100 || r.Status > 599 {
		return s, "", fmt.Errorf("%w: status %d", ErrIgnored, r.Status)
	}
	if r.Latency, err = time.ParseDuration(latency); err != nil {
		r.Latency = 0
	}
	var details, proxy string
	var policy json.RawMessage
	err = fields(e.jsonPayload, "jsonPayload", field{"statusDetails", &details}, field{"proxyStatus", &proxy}, field{"enforcedSecurityPolicy", &policy})
	if err != nil {
		return s, "", err
	}
	err = fields(policy, "enforcedSecurityPolicy", field{"name", &r.Policy}, field{"outcome", &r.PolicyOutcome}, field{"priority", &r.PolicyRule})
	if err != nil {
		return s, "", err
	}
	r.Details = failure(details, proxy)
	target, err := r.readTarget(e)
	if err != nil && (r.Status < 500 || r.Details == "") {
		return s, "", fmt.Errorf("%w: status %d, and %w", ErrIgnored, r.Status, err)
	}
	switch {
	case err != nil:
		return s, "", err
	case r.Status < 500:
		quiet = fmt.Sprintf("status %d", r.Status)
	case r.Details == "":
		quiet = fmt.Sprintf("the backend answered %d", r.Status)
	}
	return Signal{Kind: RequestFailed, Target: target, Request: &r}, quiet, nil
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

// A Failure is why a load balancer answered a request itself, in one word for
// statusDetails and proxyStatus alike (gcp-facts.md §4).
type Failure string

// The failures that are told apart; any other is OtherFailure, and none is empty.
const (
	// NoBackend: no endpoint was healthy, or there was none.
	NoBackend Failure = "no healthy backend"
	// ConnectFailed: the connection was refused or timed out, or TLS failed.
	ConnectFailed Failure = "connecting to the backend failed"
	// TLSFailed is a ConnectFailed of which TLS is known to be the reason.
	TLSFailed Failure = "the TLS handshake with the backend failed"
	// TimedOut: no full answer came in the backend service's time.
	TimedOut Failure = "the backend took too long"
	// ClosedEarly: the backend closed the connection before it answered.
	ClosedEarly Failure = "the backend closed the connection"
	// NoHTTP2: the backend didn't offer HTTP/2 in the TLS handshake.
	NoHTTP2 Failure = "the backend doesn't offer HTTP/2"
	// Denied: a Cloud Armor policy refused it. IAP: Identity-Aware Proxy answered.
	Denied Failure = "denied by a security policy"
	ByIAP  Failure = "answered by Identity-Aware Proxy"
	// NotRouted: the URL map has no backend for it, which a Gateway's says by a fault.
	NotRouted Failure = "no route"
	// ByClient: the client left, or sent what is no request.
	ByClient     Failure = "the client's own failure"
	OtherFailure Failure = "another failure"
)

var failuresByDetails = map[string]Failure{
	"failed_to_pick_backend":                                NoBackend,
	"failed_to_connect_to_backend":                          ConnectFailed,
	"backend_timeout":                                       TimedOut,
	"backend_connection_closed_before_data_sent_to_client":  ClosedEarly,
	"backend_connection_closed_after_partial_response_sent": ClosedEarly,
	"failed_to_negotiate_alpn":                              NoHTTP2,
	"denied_by_security_policy":                             Denied,
	"handled_by_identity_aware_proxy":                       ByIAP,
	"multiple_iap_policies":                                 ByIAP,
	"fault_filter_abort":                                    NotRouted,
	"ssl_certificate_san_verification_failed":               TLSFailed,
	"ssl_certificate_chain_verification_failed":             TLSFailed,
	"client_disconnected_before_any_response":               ByClient,
	"client_disconnected_after_partial_response":            ByClient,
	"client_timed_out":                                      ByClient,
	"body_not_allowed":                                      ByClient,
	"failed_parsing_client_headers":                         ByClient,
	"invalid_request_headers":                               ByClient,
	"invalid_http2_client_header_format":                    ByClient,
	"invalid_http2_client_request_path":                     ByClient,
	"headers_too_long":                                      ByClient,
	"request_body_too_large":                                ByClient,
	"required_body_but_no_content_length":                   ByClient,
	"secure_url_rejected":                                   ByClient,
	"unsupported_method":                                    ByClient,
	"backend_connection_closed_before_data_sent":            ClosedEarly,
}

// failuresByProxy are the error names of proxyStatus (RFC 9209), with what Google's
// regional proxies write besides.
var failuresByProxy = []struct {
	word string
	as   Failure
}{
	{"destination_unavailable", NoBackend},
	{"destination_not_found", NoBackend},
	{"connection_refused", ConnectFailed},
	{"connection_timeout", ConnectFailed},
	{"tls_protocol_error", TLSFailed},
	{"tls_certificate_error", TLSFailed},
	{"http_response_timeout", TimedOut},
	{"connection_read_timeout", TimedOut},
	{"connection_terminated", ClosedEarly},
	{"http_response_incomplete", ClosedEarly},
	{"http_request_denied", Denied},
	{"http_request_error", ByClient},
}

// Failure says why the load balancer answered itself; empty where the answer is a
// backend's.
func (r *Request) Failure() Failure {
	if r.Details == "" {
		return ""
	}
	if f, ok := failuresByDetails[r.Details]; ok {
		return f
	}
	if strings.Contains(r.Details, "error=") {
		for _, p := range failuresByProxy {
			if strings.Contains(r.Details, p.word) {
				return p.as
			}
		}
	}
	if strings.HasPrefix(r.Details, "client_") {
		return ByClient
	}
	return OtherFailure
}

// Host is the requested host, in lower case and without a port; empty where the URL
// has none.
func (r *Request) Host() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// Path is the requested path without the query; "/" where the URL has none.
func (r *Request) Path() string {
	u, err := url.Parse(r.URL)
	if err != nil || u.Path == "" {
		return "/"
	}
	return u.Path
}
