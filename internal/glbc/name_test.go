package glbc

import "testing"

func TestNEGName(t *testing.T) {
	for _, tt := range []struct {
		uid, namespace, service string
		port                    int32
		want                    string
	}{
		{"3f1c9a7e", "argocd", "argocd-server", 80, "k8s1-3f1c9a7e-argocd-argocd-server-80-7defb8b8"},
		{"3f1c9a7e5d2b4c6a", "shop", "web", 80, "k8s1-3f1c9a7e-shop-web-80-1b6d0458"},
	} {
		if got := NEGName(tt.uid, tt.namespace, tt.service, tt.port); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
	long := NEGName("3f1c9a7e", "a-namespace-with-a-very-long-name", "a-service-with-an-even-longer-name-than-that", 8080)
	if len(long) != 63 {
		t.Errorf("%s has %d characters, want 63", long, len(long))
	}
	if !IsNEGName(long, "a-namespace-with-a-very-long-name", "a-service-with-an-even-longer-name-than-that", 8080) {
		t.Errorf("%s isn't recognised", long)
	}
	for name, port := range map[string]int32{long: 8081, "k8s1-3f1c9a7e-shop-web-80-1b6d0458": 81, "k8s-be-30080--3f1c": 80, "k8s1": 80} {
		if IsNEGName(name, "shop", "web", port) {
			t.Errorf("%s is taken for shop/web:%d", name, port)
		}
	}
}

func TestTrimmed(t *testing.T) {
	got := trimmed([]string{"0123456789", "01234567890123456789", "80"}, 16)
	total := 0
	for _, p := range got {
		total += len(p)
	}
	if total != 16 || len(got[0]) >= len(got[1]) {
		t.Errorf("%q: %d characters, want 16, the longer part keeping more", got, total)
	}
}
