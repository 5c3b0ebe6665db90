package bigworld

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// negName is the name of a NEG and of its backend service and health check
// (ingress-controller.md §6), for parts that are short enough to stay whole.
func negName(namespace, service string, port int) string {
	u8 := ingressUID[:8]
	sum := sha256.Sum256(fmt.Appendf(nil, "%s;%s;%s;%d", u8, namespace, service, port))
	return fmt.Sprintf("k8s1-%s-%s-%s-%d-%s", u8, namespace, service, port, hex.EncodeToString(sum[:])[:8])
}

// frontendName is the name of a part of an Ingress's frontend: fr, tp or um (§6, V2).
func frontendName(part, namespace, ingress string) string {
	return strings.Join([]string{"k8s2", part, contentHash(kubeUID), namespace, ingress, contentHash(kubeUID + ";" + namespace + ";" + ingress)}, "-")
}

// contentHash is eight characters of 36 (§6).
func contentHash(text string) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	sum := sha256.Sum256([]byte(text))
	out := make([]byte, 8)
	for i := range out {
		out[i] = digits[int(sum[i])%len(digits)]
	}
	return string(out)
}

// uid and number are the same in every run.
func uid(text string) string {
	h := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%x-%x-4%x-a%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])[:36]
}

func number(text string) string {
	h := sha256.Sum256([]byte(text))
	return strconv.FormatUint(binary.BigEndian.Uint64(h[:8])>>1|1, 10)
}
