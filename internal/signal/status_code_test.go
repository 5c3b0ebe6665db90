package signal

import (
	"net/http"
	"testing"
)

func TestStatusCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"HTTP response: Temporary Redirect":                    307,
		"HTTP response: Temporary Redirect [Code: 307]":        307,
		"HTTP response: Temporary Redirect, Error: Unexpected": 307,
		"HTTP response: Bad Request [Code: 400]":               400,
		"Bad Request [Code: 400]":                              400,
		"HTTP response: Something New [Code: 418]":             418,
		"HTTP response: Bad Gateway":                           502,
		"HTTP response: OK":                                    200,
		"HTTP response: Found":                                 302,
		"HTTP response: Not Found":                             404,
		"HTTP response: Moved Permanently":                     301,
		"HTTP response: Permanent Redirect":                    308,
		"HTTP response: 307":                                   307,
		"HTTP response: 307 Temporary Redirect":                307,
		"HTTP response: 307 Bad Gateway":                       0,
		"HTTP response: 3070":                                  0,
		"HTTP response: 307 s later":                           0,
		"HTTP response: ":                                      0,
		"HTTP response: , Error: Timeout waiting for connect":  0,
		"HTTP response: , Error: Connection refused":           0,
		"HTTP response: , Error: Connection reset by peer":     0,
		"HTTP response: , Error: Found no route":               0,
		"HTTP response: Temporary Redirect elsewhere":          0,
		"Connection refused":                                   0,
		"Connection timed out":                                 0,
		"Connect failed":                                       0,
		"Found":                                                0,
		"Temporary Redirect":                                   0,
		"HTTP response: OK [Code: ]":                           0,
		"[Code: 99]":                                           0,
		"[Code: 600]":                                          0,
		"[Code: 307":                                           307,
		"HTTP response: Service Unavailable [Cause: 1]":        503,
	} {
		if got := (&Health{ResultText: text}).StatusCode(); got != want {
			t.Errorf("StatusCode of %q = %d, want %d", text, got, want)
		}
	}
	if got := (&Health{}).StatusCode(); got != 0 {
		t.Errorf("StatusCode of nothing = %d", got)
	}
}

// Every text that statusOf knows is net/http's, and the ones that a web server
// sends are all known.
func TestStatusTexts(t *testing.T) {
	t.Parallel()
	known := 0
	for code := 100; code < 600; code++ {
		text := http.StatusText(code)
		got := statusOf(text)
		if got != 0 && got != code {
			t.Errorf("statusOf(%q) = %d, want %d", text, got, code)
		}
		if got == code {
			known++
		}
	}
	if known != 36 {
		t.Errorf("statusOf knows %d of net/http's texts", known)
	}
}
