package glbc

import (
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// commonHosts are the hosts that both a listener and a route are for; ok is false
// when there is none. No hosts, with ok, means any. A wildcard stands for one label
// or more, and of two the narrower one stays.
func commonHosts(listener *gatewayv1.Hostname, route []gatewayv1.Hostname) (hosts []string, ok bool) {
	of := ""
	if listener != nil {
		of = string(*listener)
	}
	if len(route) == 0 {
		if of == "" {
			return nil, true
		}
		return []string{of}, true
	}
	for _, h := range route {
		if host, fits := commonHost(of, string(h)); fits && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts, len(hosts) > 0
}

func commonHost(a, b string) (string, bool) {
	a, b = strings.ToLower(a), strings.ToLower(b)
	switch {
	case a == b || a == "":
		return b, true
	case b == "" || hostCovers(b, a):
		return a, true
	case hostCovers(a, b):
		return b, true
	}
	return "", false
}

// hostCovers reports that a wildcard host stands for another, wildcard or not.
func hostCovers(wildcard, host string) bool {
	suffix, ok := strings.CutPrefix(wildcard, "*")
	return ok && strings.HasPrefix(suffix, ".") && strings.HasSuffix(strings.TrimPrefix(host, "*"), suffix) && len(host) > len(suffix)
}
