package slack

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// A PermanentError will not go away by trying again: the channel, the token or the
// message is refused. service's acknowledge table asks for it by its method.
type PermanentError struct{ Err error }

func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the refusal.
func (e *PermanentError) Unwrap() error { return e.Err }

// Permanent is always true.
func (e *PermanentError) Permanent() bool { return true }

// A RetryableError may go away: too many messages, Slack is down, no answer in
// time.
type RetryableError struct {
	Err error
	// After is how long Slack asks to wait; zero where it didn't say.
	After time.Duration
}

func (e *RetryableError) Error() string {
	if e.After > 0 {
		return fmt.Sprintf("%v (worth another try in %s)", e.Err, e.After)
	}
	return e.Err.Error()
}

// Unwrap returns what went wrong.
func (e *RetryableError) Unwrap() error { return e.Err }

// RetryAfter is After, for those who only know the method.
func (e *RetryableError) RetryAfter() time.Duration { return e.After }

// passing are Slack's error codes that speak of Slack's own trouble or of a limit;
// every other code refuses for good.
var passing = map[string]bool{
	"ratelimited": true, "rate_limited": true, "message_limit_exceeded": true,
	"internal_error": true, "fatal_error": true, "service_unavailable": true, "request_timeout": true, "team_added_to_org": true,
}

// formatting are the codes that refuse the blocks and not the message.
var formatting = map[string]bool{
	"invalid_blocks": true, "invalid_blocks_format": true, "msg_blocks_too_long": true,
}

// classify puts an error of the client into one of the two types. What it can't
// place (no connection, no answer in time, half an answer) is worth another try.
func classify(err error) error {
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	switch {
	case errors.As(err, &limited):
		return &RetryableError{Err: err, After: limited.RetryAfter}
	case errors.As(err, &status):
		if status.Code >= http.StatusInternalServerError || status.Code == http.StatusTooManyRequests || status.Code == http.StatusRequestTimeout {
			return &RetryableError{Err: err}
		}
		return &PermanentError{Err: err}
	case code(err) != "" && !passing[code(err)]:
		return &PermanentError{Err: err}
	}
	return &RetryableError{Err: err}
}

// code is Slack's error code; empty for any other error and for none.
func code(err error) string {
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return refused.Err
	}
	return ""
}

// details adds what Slack says about the blocks it refused.
func details(err error) string {
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok && len(refused.ResponseMetadata.Messages) > 0 {
		return refused.Err + ": " + strings.Join(refused.ResponseMetadata.Messages, "; ")
	}
	return err.Error()
}
