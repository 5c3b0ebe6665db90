package probe

import (
	"testing"

	"plumbline/internal/facts"
)

func TestUndo(t *testing.T) {
	const host = "gke-1.asia-northeast1.gke.goog"
	at := prefix(facts.ProbeRequest{Namespace: "argocd", Pod: "argocd-server-0", Port: 8080, Scheme: "http"})
	for _, tt := range []struct{ name, location, want string }{
		{"no redirect", "", ""},
		{"named the pod's address: scheme and host are gone", at + "/healthz", "/healthz"},
		{"echoed the Host it saw", "https://" + host + at + "/healthz", "https://" + host + "/healthz"},
		{"root", at + "/", "/"},
		{"root without slash", at, "/"},
		{"query and fragment", at + "/login?next=%2Fa#top", "/login?next=%2Fa#top"},
		{"escaped path", at + "/a%2Fb", "/a%2Fb"},
		{"another host", "https://shop.acme.example/healthz", "https://shop.acme.example/healthz"},
		{"another host with the prefix as its own path", "https://shop.acme.example" + at + "/x", "https://shop.acme.example" + at + "/x"},
		{"pod's address without its port stays absolute", "https://10.8.0.7/healthz", "https://10.8.0.7/healthz"},
		{"relative", "login", "login"},
		{"longer than the prefix", at + "ed/x", at + "ed/x"},
		{"not a URL", "https://%zz", "https://%zz"},
	} {
		if got := undo(tt.location, at, host); got != tt.want {
			t.Errorf("%s: undo(%q) = %q, want %q", tt.name, tt.location, got, tt.want)
		}
	}
}

func TestPrefix(t *testing.T) {
	for want, r := range map[string]facts.ProbeRequest{
		"/api/v1/namespaces/shop/pods/web-1:80/proxy":         {Namespace: "shop", Pod: "web-1", Port: 80, Scheme: "http"},
		"/api/v1/namespaces/shop/pods/https:web-1:8443/proxy": {Namespace: "shop", Pod: "web-1", Port: 8443, Scheme: "https"},
	} {
		if got := prefix(r); got != want {
			t.Errorf("prefix(%v) = %s, want %s", r, got, want)
		}
	}
}
