package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"plumbline/internal/signal"
)

// A CollectError says that nothing at all could be read: worth another try.
type CollectError struct{ Err error }

func (e *CollectError) Error() string { return fmt.Sprintf("nothing could be read: %v", e.Err) }

// Unwrap returns the collector's error.
func (e *CollectError) Unwrap() error { return e.Err }

// A Permanent error will not go away by trying again: the chat refuses the message
// or its channel.
type Permanent interface {
	error
	Permanent() bool
}

// Ack is the one table that decides what becomes of a message (style.md §3.8). nil
// acknowledges it; an error lets Pub/Sub deliver it again, and dead-letter it after
// some tries.
//
//	not ours                           nil, debug log
//	can't be parsed                    nil, error log with the insertId
//	diagnosed, some facts unreadable   nil (the gaps are in the message)
//	the chat refuses for good          nil, error log
//	nothing readable, store conflict,
//	chat 429/5xx, deadline             the error
func Ack(ctx context.Context, log *slog.Logger, messageID string, err error) error {
	var unparsable *signal.UnparsableError
	id := slog.String("message_id", messageID)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, signal.ErrIgnored):
		log.DebugContext(ctx, "entry ignored", id, slog.String("why", err.Error()))
		return nil
	case errors.As(err, &unparsable):
		log.ErrorContext(ctx, "entry can't be parsed", id, slog.String("insert_id", unparsable.InsertID), slog.String("error", err.Error()))
		return nil
	case refused(err):
		log.ErrorContext(ctx, "message refused for good", id, slog.String("error", err.Error()))
		return nil
	}
	log.WarnContext(ctx, "entry not handled, to be delivered again", id, slog.String("error", err.Error()))
	return err
}

// refused: every failure that err joins will fail again. One that may pass asks for
// another delivery, which leaves alone what was said.
func refused(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if !refused(e) {
				return false
			}
		}
		return true
	}
	if p, ok := err.(Permanent); ok { //nolint:errorlint // what is wrapped is looked at below
		return p.Permanent()
	}
	inner := errors.Unwrap(err)
	return inner != nil && refused(inner)
}

// Unparsable is the error of a message that never will be readable.
func Unparsable(insertID string, err error) error {
	return &signal.UnparsableError{InsertID: insertID, Err: err}
}
