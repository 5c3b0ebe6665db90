// Package functions is every way in from outside: what Pub/Sub delivers becomes a
// log entry for the service, and the outcome becomes an HTTP status, by which
// Pub/Sub knows whether to deliver again. It is thin: decoding here, deciding in
// internal/service.
package functions

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"

	"plumbline/internal/service"
)

// Diagnose is the function's name, for FUNCTION_TARGET.
const Diagnose = "Diagnose"

// A Handler takes one log entry from the topic to the chat, and says with
// service.Ack what becomes of the message.
type Handler interface {
	Handle(ctx context.Context, entry []byte) error
}

// A Diagnoser serves the function Diagnose.
type Diagnoser struct {
	Service Handler
	// Deadline is how long one message may take; the framework sets none.
	Deadline time.Duration
	Log      *slog.Logger
}

// Register makes the function known to the Functions Framework. It is registered as
// an HTTP function that takes CloudEvents (binary and structured) and plain
// Pub/Sub pushes itself: as a CloudEvent function the framework would answer a
// body that it can't decode with 400, and Pub/Sub would deliver it for ever.
func (d *Diagnoser) Register() { functions.HTTP(Diagnose, d.ServeHTTP) }

// ServeHTTP handles one delivery: 204 acknowledges it, 500 asks for another.
func (d *Diagnoser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "Pub/Sub delivers with POST", http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), d.Deadline)
	defer cancel()
	message, err := Decode(w, r)
	if err == nil {
		err = d.Service.Handle(ctx, message.Data)
	}
	if service.Ack(ctx, d.Log, message.ID, undecodable(err)) != nil {
		http.Error(w, "not handled, deliver again", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// undecodable makes a body that is no Pub/Sub message what it is for the table: an
// entry that can't be parsed.
func undecodable(err error) error {
	if _, bad := errors.AsType[*BodyError](err); bad {
		return service.Unparsable("", err)
	}
	return err
}
