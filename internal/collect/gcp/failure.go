package gcp

import (
	"errors"
	"net/http"

	"google.golang.org/api/googleapi"

	"plumbline/internal/collect/refusal"
)

// status is the short form of an error. Throttling comes as a 403 whose reason
// tells it from a denial (gcp-facts.md §7, Quotas), and so does an API that was
// never enabled.
func status(err error) string {
	var api *googleapi.Error
	var partial partialError
	switch {
	case errors.As(err, &partial):
		return partial.Error()
	case errors.Is(err, errIncomplete):
		return err.Error()
	case !errors.As(err, &api):
		return refusal.Connection(err)
	case api.Code != http.StatusForbidden:
		return refusal.HTTP(api.Code)
	}
	for _, item := range api.Errors {
		switch item.Reason {
		case "rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded":
			return "403 " + item.Reason
		case "accessNotConfigured":
			return "403 SERVICE_DISABLED"
		}
	}
	if hasReason(api.Details, "SERVICE_DISABLED") {
		return "403 SERVICE_DISABLED"
	}
	return refusal.HTTP(api.Code)
}

// hasReason looks for a google.rpc.ErrorInfo with this reason.
func hasReason(details []any, reason string) bool {
	for _, d := range details {
		if fields, ok := d.(map[string]any); ok && fields["reason"] == reason {
			return true
		}
	}
	return false
}

func isNotFound(err error) bool {
	var api *googleapi.Error
	return errors.As(err, &api) && api.Code == http.StatusNotFound
}
