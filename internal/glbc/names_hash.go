package glbc

import (
	"crypto/md5" //nolint:gosec // Not for security: the controllers name path matchers by it.
	"crypto/sha256"
	"encoding/hex"
)

// ContentHash is the hash that GLBC's newer names carry: each of the first n bytes
// of the text's SHA-256, modulo 36, as one of 0-9a-z (ingress-controller.md §6).
func ContentHash(text string, n int) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	sum := sha256.Sum256([]byte(text))
	hash := make([]byte, min(n, len(sum)))
	for i := range hash {
		hash[i] = digits[int(sum[i])%len(digits)]
	}
	return string(hash)
}

// hexHash is the start of the text's SHA-256 in hexadecimal.
func hexHash(text string, n int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:n]
}

// PathMatcherName is the name of the path matcher of a host; that of rules without
// host is of the host `*` (ingress-controller.md §6).
func PathMatcherName(host string) string {
	sum := md5.Sum([]byte(host)) //nolint:gosec // See the import.
	return "host" + hex.EncodeToString(sum[:])
}
