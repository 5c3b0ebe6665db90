package health

import (
	"net/netip"
	"net/url"
	"strings"
)

// toHTTPS reports that a redirect leads from plain HTTP to https on the app itself.
// With the scheme in the Location: on the same path or the root of any host, or
// anywhere on the host that was asked, or anywhere at all for an app whose setting
// sends every path there. Without scheme and host, which the API server removes
// where they named the pod: on exactly the same path, since an app doesn't redirect
// to itself.
func (b *backend) toHTTPS(a answer) bool {
	if b.check.Type != "HTTP" || a.location == "" {
		return false
	}
	to, err := url.Parse(a.location)
	if err != nil {
		return false
	}
	if to.Scheme == "" && to.Host == "" {
		return a.location == b.check.Path
	}
	if to.Scheme != "https" {
		return false
	}
	return own(to, a) || to.Path == "" || to.Path == "/" || b.samePath(to) || b.settingDecides()
}

func (b *backend) samePath(to *url.URL) bool {
	path, _, _ := strings.Cut(b.check.Path, "?")
	return strings.TrimSuffix(to.Path, "/") == strings.TrimSuffix(path, "/")
}

// own: the redirect stays on the host that the probe sent, which is the API
// server's and says nothing about the app, or on an address.
func own(to *url.URL, a answer) bool {
	if to.Host == "" || to.Host == a.host || to.Hostname() == a.host {
		return true
	}
	_, err := netip.ParseAddr(to.Hostname())
	return err == nil
}

// leads says where a redirect goes, without a host that the app only repeated.
func (b *backend) leads(a answer) string {
	if a.location == "" {
		return ""
	}
	to, err := url.Parse(a.location)
	switch {
	case err != nil:
		return " to " + a.location
	case b.toHTTPS(a) && (to.Scheme == "" || b.samePath(to)):
		return " to https, same path"
	case !own(to, a):
		return " to " + a.location
	case to.Scheme == "https":
		return " to https, " + to.RequestURI()
	}
	return " to " + strings.TrimPrefix(to.RequestURI(), "//")
}

// followed: the kubelet follows a redirect to the same host, and to no other.
func followed(a answer) bool {
	to, err := url.Parse(a.location)
	return err == nil && own(to, a)
}
