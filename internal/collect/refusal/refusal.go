// Package refusal puts into few words why a read gave no answer. The clients of
// the collector use it, so that a gap reads the same whichever API refused:
// "403 PERMISSION_DENIED", "503 UNAVAILABLE", "timeout", "connection refused".
package refusal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
)

// Timeout is what a read says that took too long.
const Timeout = "timeout"

// HTTP names an HTTP status with Google's canonical word for it (AIP-193).
func HTTP(code int) string {
	word := http.StatusText(code)
	switch code {
	case http.StatusBadRequest:
		word = "INVALID_ARGUMENT"
	case http.StatusUnauthorized:
		word = "UNAUTHENTICATED"
	case http.StatusForbidden:
		word = "PERMISSION_DENIED"
	case http.StatusNotFound:
		word = "NOT_FOUND"
	case http.StatusTooManyRequests:
		word = "RESOURCE_EXHAUSTED"
	case http.StatusInternalServerError:
		word = "INTERNAL"
	case http.StatusNotImplemented:
		word = "UNIMPLEMENTED"
	case http.StatusServiceUnavailable:
		word = "UNAVAILABLE"
	case http.StatusGatewayTimeout:
		word = "DEADLINE_EXCEEDED"
	}
	return strconv.Itoa(code) + " " + word
}

// Connection says why there was no answer at all. The words are its own: they
// neither repeat addresses nor anything a client would take as a reason to retry.
func Connection(err error) string {
	var (
		timeout   interface{ Timeout() bool }
		lookup    *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return "host not found"
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed by the server"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route to host"
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &verify):
		return "certificate not trusted"
	case errors.As(err, &record):
		return "no TLS"
	}
	return "no answer"
}
