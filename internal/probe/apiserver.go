package probe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// unconnected is how the API server begins what it says of a pod that it could not
// connect to.
const unconnected = "error trying to reach service:"

// fromAPIServer tells whether an answer is the API server's own, and what it says.
//
// Its own answers are Status objects whose code is the HTTP status; the headers say
// nothing, since it adds its own to what it passes on. An app built on the same
// library answers with Status objects too (an aggregated API server says Forbidden
// to an anonymous GET), so a Status counts as the API server's only if it is about
// the pod, about reaching it, or of a sort that such apps don't give to a GET. In
// doubt it is the API server's: then the probe says nothing, which is never wrong.
func fromAPIServer(resp *http.Response, head []byte) (bool, metav1.Status) {
	var s metav1.Status
	if resp.StatusCode < http.StatusBadRequest {
		return false, s
	}
	if resp.StatusCode == http.StatusTooManyRequests && bytes.HasPrefix(head, []byte("Too many requests, please try again later.")) {
		return true, metav1.Status{Reason: metav1.StatusReasonTooManyRequests, Message: "too many requests"}
	}
	if err := json.Unmarshal(head, &s); err != nil {
		// A Status longer than what is read: only the API server's get that long.
		return len(head) == bodyLimit && bytes.HasPrefix(head, []byte(`{"kind":"Status","apiVersion":"v1"`)), metav1.Status{}
	}
	if s.Kind != "Status" || s.APIVersion != "v1" || s.Status != metav1.StatusFailure || int(s.Code) != resp.StatusCode {
		return false, s
	}
	return aboutProxying(s), s
}

func aboutProxying(s metav1.Status) bool {
	if s.Details != nil && s.Details.Kind == "pods" || strings.Contains(s.Message, "pods/proxy") {
		return true
	}
	ofApps := []metav1.StatusReason{metav1.StatusReasonForbidden, metav1.StatusReasonNotFound, metav1.StatusReasonMethodNotAllowed}
	return !slices.Contains(ofApps, s.Reason)
}

// refused makes an answer of what the API server itself said.
func (a asker) refused(s metav1.Status, code int) facts.Value[facts.ProbeAnswer] {
	if reason, ok := strings.CutPrefix(s.Message, unconnected); ok && code == http.StatusServiceUnavailable {
		return facts.Found(facts.ProbeAnswer{Unreachable: strings.TrimSpace(reason), HostSent: a.base.Host, At: a.now})
	}
	status := fmt.Sprintf("%d %s", code, http.StatusText(code))
	if code == http.StatusForbidden {
		status = "403 PERMISSION_DENIED"
	}
	return unknown(string(facts.Probes), status, errors.New(string(s.Reason)+": "+s.Message))
}
