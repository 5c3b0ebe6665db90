package refusal_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"plumbline/internal/collect/refusal"
)

func TestHTTP(t *testing.T) {
	for code, want := range map[int]string{
		403: "403 PERMISSION_DENIED",
		404: "404 NOT_FOUND",
		429: "429 RESOURCE_EXHAUSTED",
		503: "503 UNAVAILABLE",
		418: "418 I'm a teapot",
	} {
		if got := refusal.HTTP(code); got != want {
			t.Errorf("HTTP(%d) = %q, want %q", code, got, want)
		}
	}
}

func TestConnection(t *testing.T) {
	refused := &url.Error{Op: "Get", URL: "https://192.0.2.7", Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}}
	for want, err := range map[string]error{
		"timeout":                         fmt.Errorf("reading: %w", context.DeadlineExceeded),
		"connection refused":              refused,
		"connection closed by the server": &net.OpError{Op: "read", Err: syscall.ECONNRESET},
		"host not found":                  &net.DNSError{Err: "no such host", Name: "x.gke.goog", IsNotFound: true},
		"no route to host":                &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH},
		"no answer":                       errors.New("other"),
	} {
		if got := refusal.Connection(err); got != want {
			t.Errorf("Connection(%v) = %q, want %q", err, got, want)
		}
	}
}
