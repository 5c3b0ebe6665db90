package logs

import (
	"errors"
	"net/http"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"plumbline/internal/collect/refusal"
)

// exhausted is what a project says that was asked too often, as statusOf has it.
var exhausted = refusal.HTTP(http.StatusTooManyRequests)

// A refused request is the server's answer without the form by which the vendor's
// client decides to send it again.
type refused struct{ answer *status.Status }

func (r *refused) Error() string { return r.answer.Message() }

// final makes an answer of the server the end of a request; another error stays.
func final(err error) error {
	if s, ok := status.FromError(err); ok {
		return &refused{s}
	}
	return err
}

// statusOf is the short form of an error, said as the other APIs say it.
func statusOf(err error) string {
	if tooEarly, ok := errors.AsType[early](err); ok {
		return tooEarly.Error()
	}
	answer, ok := errors.AsType[*refused](err)
	if !ok {
		return refusal.Connection(err)
	}
	s := answer.answer
	if s.Code() == codes.DeadlineExceeded {
		return refusal.Timeout
	}
	if s.Code() == codes.Canceled {
		return "canceled"
	}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetReason() == "SERVICE_DISABLED" {
			return "403 SERVICE_DISABLED"
		}
	}
	return refusal.HTTP(httpCode(s.Code()))
}

// throttled tells the answer of a project that was asked too often, and after how long
// it may be asked again; 0 where it doesn't say.
func throttled(err error) (time.Duration, bool) {
	s, ok := status.FromError(err)
	if !ok || s.Code() != codes.ResourceExhausted {
		return 0, false
	}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration(), true
		}
	}
	return 0, true
}

// httpCode is the HTTP status that Google's APIs pair with a gRPC code (AIP-193).
func httpCode(c codes.Code) int {
	paired := map[codes.Code]int{
		codes.InvalidArgument:    http.StatusBadRequest,
		codes.FailedPrecondition: http.StatusBadRequest,
		codes.OutOfRange:         http.StatusBadRequest,
		codes.Unauthenticated:    http.StatusUnauthorized,
		codes.PermissionDenied:   http.StatusForbidden,
		codes.NotFound:           http.StatusNotFound,
		codes.AlreadyExists:      http.StatusConflict,
		codes.Aborted:            http.StatusConflict,
		codes.ResourceExhausted:  http.StatusTooManyRequests,
		codes.Unimplemented:      http.StatusNotImplemented,
		codes.Unavailable:        http.StatusServiceUnavailable,
	}
	if code, ok := paired[c]; ok {
		return code
	}
	return http.StatusInternalServerError
}
