package signal

import (
	"regexp"
	"strconv"
	"strings"
)

// named finds a status by the words that go before it: "response code: 307",
// "HTTP status code 307", "HTTP/1.1 307"; or a text that is nothing else. A number
// without such words is a port, a size, an address.
var named = regexp.MustCompile(`(?i)(?:\b(?:code|status)\b[ :=]{1,3}|\bHTTP/\d(?:\.\d)? )([1-5]\d\d)\b|^\s*([1-5]\d\d)\s*$`)

// statusCode is the HTTP status that a prober's text names, 0 for none. The texts
// are free (gcp-facts.md §3), so several forms count, but no guess: "Not Found"
// isn't 302 Found.
func statusCode(text string) int {
	if code := responseCode(text); code != 0 {
		return code
	}
	if m := named.FindStringSubmatch(text); m != nil {
		return statusNumber(m[1] + m[2])
	}
	return 0
}

// responseCode reads the form of the logs that were seen: in brackets, or as the
// status text between "HTTP response:" and a comma or bracket.
func responseCode(text string) int {
	if _, rest, ok := strings.Cut(text, "[Code:"); ok {
		digits, _, _ := strings.Cut(rest, "]")
		return statusNumber(strings.TrimSpace(digits))
	}
	_, status, ok := strings.Cut(text, "HTTP response:")
	if !ok {
		return 0
	}
	if end := strings.IndexAny(status, ",["); end >= 0 {
		status = status[:end]
	}
	status = strings.TrimSpace(status)
	digits, phrase, both := strings.Cut(status, " ")
	if code := statusNumber(digits); code != 0 && (!both || statusOf(phrase) == code) {
		return code
	}
	return statusOf(status)
}

func statusNumber(digits string) int {
	code, err := strconv.Atoi(digits)
	if err != nil || len(digits) != 3 || code < 100 || code > 599 {
		return 0
	}
	return code
}

// statusOf is the status with this text (RFC 9110 §15, in net/http's words).
func statusOf(phrase string) int {
	switch phrase {
	case "OK":
		return 200
	case "Created":
		return 201
	case "Accepted":
		return 202
	case "No Content":
		return 204
	case "Partial Content":
		return 206
	}
	if code := redirectOf(phrase); code != 0 {
		return code
	}
	if code := clientErrorOf(phrase); code != 0 {
		return code
	}
	return serverErrorOf(phrase)
}

func redirectOf(phrase string) int {
	switch phrase {
	case "Multiple Choices":
		return 300
	case "Moved Permanently":
		return 301
	case "Found":
		return 302
	case "See Other":
		return 303
	case "Not Modified":
		return 304
	case "Temporary Redirect":
		return 307
	case "Permanent Redirect":
		return 308
	}
	return 0
}

func clientErrorOf(phrase string) int {
	switch phrase {
	case "Bad Request":
		return 400
	case "Unauthorized":
		return 401
	case "Payment Required":
		return 402
	case "Forbidden":
		return 403
	case "Not Found":
		return 404
	case "Method Not Allowed":
		return 405
	case "Not Acceptable":
		return 406
	case "Proxy Authentication Required":
		return 407
	case "Request Timeout":
		return 408
	case "Conflict":
		return 409
	case "Gone":
		return 410
	case "Length Required":
		return 411
	case "Precondition Failed":
		return 412
	case "Unsupported Media Type":
		return 415
	case "Misdirected Request":
		return 421
	case "Unprocessable Entity":
		return 422
	case "Upgrade Required":
		return 426
	case "Too Many Requests":
		return 429
	}
	return 0
}

func serverErrorOf(phrase string) int {
	switch phrase {
	case "Internal Server Error":
		return 500
	case "Not Implemented":
		return 501
	case "Bad Gateway":
		return 502
	case "Service Unavailable":
		return 503
	case "Gateway Timeout":
		return 504
	case "HTTP Version Not Supported":
		return 505
	}
	return 0
}
