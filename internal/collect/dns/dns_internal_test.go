package dns

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNameservers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "resolv.conf")
	for text, want := range map[string][]string{
		"nameserver 169.254.169.254\nsearch shop-prod.internal google.internal\noptions ndots:5\n": {"169.254.169.254:53"},
		"nameserver 192.0.2.1\nnameserver 2001:db8::1\n":                                           {"192.0.2.1:53", "[2001:db8::1]:53"},
		"search acme.example\n": {"127.0.0.1:53"},
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := nameservers(file)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v, (-want +got):\n%s", text, err, diff)
		}
	}
	got, err := nameservers(filepath.Join(t.TempDir(), "none"))
	if diff := cmp.Diff([]string{"127.0.0.1:53"}, got); diff != "" || err != nil {
		t.Errorf("without a file: %v, (-want +got):\n%s", err, diff)
	}
}

func TestTheResolverNeedsAPort(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{Server: "192.0.2.1"}); err == nil {
		t.Error("an address without port was taken")
	}
}

func TestUpwards(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"a.b.example", "b.example", "example"}, upwards("a.b.example.")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
