package cause_test

import (
	"testing"

	"plumbline/internal/cause"
)

// TestNearest: a typing mistake and an affix are near, another short name isn't, and of
// two nobody knows which was meant.
func TestNearest(t *testing.T) {
	for _, tt := range []struct {
		name string
		have []string
		want string
	}{
		{"chekout", []string{"web", "checkout"}, "checkout"},
		{"chcekout", []string{"checkout"}, "checkout"},
		{"web", []string{"wen", "api"}, ""},
		{"backend-config", []string{"iap-backend-config"}, "iap-backend-config"},
		{"checkout", []string{"checkout", "payments"}, ""},
		{"checkout", []string{"checkout-v1", "checkout-v2"}, ""},
		{"", []string{"web"}, ""},
	} {
		if got := cause.Nearest(tt.name, tt.have); got != tt.want {
			t.Errorf("nearest to %q among %q: %q, want %q", tt.name, tt.have, got, tt.want)
		}
	}
}
