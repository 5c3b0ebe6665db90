package signal

import "testing"

func TestStatusCodeInWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"Unexpected HTTP response code: 307":             307,
		"HTTP/1.1 307 Temporary Redirect":                307,
		"HTTP response: , Error: HTTP response code 307": 307,
		"Received HTTP status code 307, expected 200":    307,
		" 503 ":                                  503,
		"HTTP response: , Error: read 307 bytes": 0,
		"HTTP response: , Error: connect to 10.4.0.5:30700 failed": 0,
		"HTTP response: , Error: dial tcp 10.4.0.5:307: timeout":   0,
		"exit code 3070":                0,
		"statuses 200-399 are accepted": 0,
	} {
		if got := statusCode(text); got != want {
			t.Errorf("statusCode(%q) = %d, want %d", text, got, want)
		}
	}
}
