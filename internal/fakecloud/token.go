package fakecloud

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// sealToken makes a page token of what it belongs to and where the next page
// begins.
func sealToken(prefix, next string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(prefix + next))
}

// openToken returns where the page begins; false when the token belongs to
// another list or world.
func openToken(token, prefix string) (int, bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	rest, ok := strings.CutPrefix(string(text), prefix)
	if !ok {
		return 0, false
	}
	offset, err := strconv.Atoi(rest)
	return offset, err == nil && offset >= 0
}
