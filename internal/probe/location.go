package probe

import (
	"net/url"
	"strconv"
	"strings"

	"plumbline/internal/facts"
)

// prefix is the path under which the API server shows the pod.
func prefix(r facts.ProbeRequest) string {
	pod := r.Pod + ":" + strconv.Itoa(int(r.Port))
	if r.Scheme == "https" {
		pod = "https:" + pod
	}
	return "/api/v1/namespaces/" + r.Namespace + "/pods/" + pod + "/proxy"
}

// undo takes back what the API server did to a Location. It puts its prefix before
// the path of a redirect to the pod or to the Host that it sent, and removes scheme
// and host where they were the pod's address. The prefix can be taken off; a scheme
// that is gone stays empty, since nobody knows what it was. A Location that names
// another host, or no path of its own, is as the app said.
func undo(location, prefix, hostSent string) string {
	u, err := url.Parse(location)
	if err != nil || u.Host != "" && u.Host != hostSent {
		return location
	}
	rest, ok := strings.CutPrefix(u.Path, prefix)
	if !ok || rest != "" && rest[0] != '/' {
		return location
	}
	if rest == "" {
		rest = "/"
	}
	u.Path = rest
	u.RawPath = strings.TrimPrefix(u.RawPath, prefix)
	return u.String()
}
