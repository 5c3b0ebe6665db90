package fakecloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A googleError is a REST error of Google's APIs. Compute names a reason; GKE
// has a canonical status as well.
type googleError struct {
	code    int
	reason  string
	message string
	// canonical is set by the newer APIs: PERMISSION_DENIED.
	canonical string
}

func (e *googleError) write(w http.ResponseWriter) {
	type detail struct {
		Message string `json:"message"`
		Domain  string `json:"domain"`
		Reason  string `json:"reason"`
	}
	type body struct {
		Code    int      `json:"code"`
		Message string   `json:"message"`
		Errors  []detail `json:"errors"`
		Status  string   `json:"status,omitempty"`
	}
	domain := "global"
	if e.reason == "rateLimitExceeded" {
		domain = "usageLimits"
	}
	writeJSON(w, e.code, map[string]body{"error": {
		Code: e.code, Message: e.message, Status: e.canonical,
		Errors: []detail{{Message: e.message, Domain: domain, Reason: e.reason}},
	}})
}

// notFound is Compute's answer for a resource that isn't there.
func notFound(resource string) *googleError {
	return &googleError{code: http.StatusNotFound, reason: "notFound", message: fmt.Sprintf("The resource '%s' was not found", resource)}
}

// invalid is Compute's answer for a parameter it can't use.
func invalid(field, value, why string) *googleError {
	return &googleError{code: http.StatusBadRequest, reason: "invalid", message: fmt.Sprintf("Invalid value for field '%s': '%s'. %s", field, value, why)}
}

// computeRefusal is how Compute says no. A `fail` with 403 is throttling
// (gcp-facts.md §7), which only its reason tells from a missing permission.
func computeRefusal(r *refusal, permission, resource string) *googleError {
	switch {
	case r.denied:
		return &googleError{code: r.status, reason: "forbidden", message: fmt.Sprintf("Required '%s' permission for '%s'", permission, resource)}
	case r.status == http.StatusForbidden, r.status == http.StatusTooManyRequests:
		return &googleError{code: r.status, reason: "rateLimitExceeded", message: "Quota exceeded for quota group 'default' and limit 'Queries per 100 seconds'."}
	case r.status >= http.StatusInternalServerError:
		return &googleError{code: r.status, reason: "backendError", message: http.StatusText(r.status)}
	}
	return &googleError{code: r.status, reason: "invalid", message: http.StatusText(r.status)}
}

// containerRefusal is how the GKE API says no.
func containerRefusal(r *refusal, permission, resource string) *googleError {
	e := &googleError{code: r.status, reason: "backendError", message: http.StatusText(r.status), canonical: canonicalName(r.status)}
	if r.denied {
		e.reason = "forbidden"
		e.message = fmt.Sprintf("Required %q permission(s) for %q.", permission, resource)
	}
	return e
}

// loggingRefusal is how Cloud Logging says no.
func loggingRefusal(r *refusal, project string) error {
	if r.denied {
		return status.Errorf(codes.PermissionDenied, "Permission 'logging.logEntries.list' denied on resource (or it may not exist): projects/%s", project)
	}
	return status.Error(canonical(r.status), http.StatusText(r.status))
}

// canonical maps an HTTP status to the gRPC code that Google's APIs pair it with.
func canonical(httpStatus int) codes.Code {
	switch httpStatus {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusNotFound:
		return codes.NotFound
	case http.StatusConflict:
		return codes.Aborted
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusNotImplemented:
		return codes.Unimplemented
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return codes.Unavailable
	case http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return codes.DeadlineExceeded
	case http.StatusInternalServerError:
		return codes.Internal
	}
	return codes.Unknown
}

// canonicalName is the code as REST errors write it: PERMISSION_DENIED.
func canonicalName(httpStatus int) string {
	var name strings.Builder
	for i, letter := range canonical(httpStatus).String() {
		if i > 0 && unicode.IsUpper(letter) {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToUpper(letter))
	}
	return name.String()
}

// kubeForbidden is GKE's authorizer refusing: both IAM and RBAC said no.
func kubeForbidden(q kubeRequest, user, permission string) *apierrors.StatusError {
	where := "at the cluster scope"
	if q.namespace != "" {
		where = fmt.Sprintf("in the namespace %q", q.namespace)
	}
	what := q.plural
	if q.subresource != "" {
		what += "/" + q.subresource
	}
	return apierrors.NewForbidden(schema.GroupResource{Group: q.group, Resource: q.plural}, q.name,
		verdict(fmt.Sprintf("User %q cannot %s resource %q in API group %q %s: requires one of [%q] permission(s).",
			user, q.verb(), what, q.group, where, permission)))
}

// A verdict is an error in another service's words.
type verdict string

func (v verdict) Error() string { return string(v) }

// kubeFailure is a `fail` as an API server answers it.
func kubeFailure(code int, q kubeRequest) *apierrors.StatusError {
	retryAfter := 0
	if code == http.StatusTooManyRequests {
		retryAfter = 1
	}
	return apierrors.NewGenericServerResponse(code, q.verb(), schema.GroupResource{Group: q.group, Resource: q.plural}, q.name, http.StatusText(code), retryAfter, false)
}

// writeStatus answers with an API server's Status object.
func writeStatus(w http.ResponseWriter, err error) {
	api, ok := err.(apierrors.APIStatus)
	if !ok {
		api = apierrors.NewInternalError(err)
	}
	s := api.Status()
	s.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	if s.Details != nil && s.Details.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(s.Details.RetryAfterSeconds))
	}
	writeJSON(w, int(s.Code), s)
}

// An encoded answer is JSON already.
type encoded []byte

func writeJSON(w http.ResponseWriter, code int, v any) {
	body, ready := v.(encoded)
	if !ready {
		var err error
		if body, err = json.Marshal(v); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_, _ = w.Write(body) //nolint:gosec // it is JSON, and says so
}
