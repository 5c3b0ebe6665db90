package app

import (
	"context"
	"fmt"
	"io"
	"sync"

	"plumbline/internal/chat"
	"plumbline/internal/incident"
)

// A Terminal is the chat where none is configured: messages are printed as a
// person reads them.
type Terminal struct {
	W        io.Writer
	PagesURL string

	mu   sync.Mutex
	said int
}

// Notify prints the message.
func (t *Terminal) Notify(_ context.Context, n incident.Notice) (incident.Posted, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said++
	text := chat.Plain(chat.Render(n, chat.Options{PagesURL: t.PagesURL}))
	if _, err := fmt.Fprintf(t.W, "%s\n", text); err != nil {
		return incident.Posted{}, fmt.Errorf("printing the message: %w", err)
	}
	return incident.Posted{Channel: "terminal", TS: fmt.Sprintf("%d.%06d", n.At.Unix(), t.said)}, nil
}
