package kube_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/collect/kube"
	"plumbline/internal/facts"
)

// A read is one method of a Cluster: how it asks, what it makes of an object as an
// API server has it, and what it needs.
type read struct {
	path  string
	needs facts.Kind
	// optional: a 404 is absence.
	optional bool
	// object is an item of the list.
	object string
	// ask reads, and tells the first object in a few words.
	ask  func(context.Context, *kube.Cluster) (says string, absent bool, err error)
	says string
}

// first tells of a list's first object.
func first[T any](v facts.Value[[]*T], tell func(*T) []any) (says string, absent bool, err error) {
	if all, ok := v.Get(); ok && len(all) > 0 {
		says = strings.TrimSpace(fmt.Sprintln(tell(all[0])...))
	}
	return says, v.IsAbsent(), v.Err()
}

func TestEveryRead(t *testing.T) {
	t.Parallel()
	for name, tt := range reads() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != tt.path || r.Method != http.MethodGet || r.Header.Get("Accept") != "application/json" || r.Header.Get("User-Agent") != "plumbline" {
					t.Errorf("asked %s %s, want %s", r.Method, r.URL.Path, tt.path)
				}
				answer(w, `{"kind":"SomeList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[`+tt.object+`]}`)
			})
			says, _, err := tt.ask(t.Context(), server.open(t))
			if err != nil {
				t.Fatal(unwrapped(t, err))
			}
			if diff := cmp.Diff(tt.says, says); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
		})
		t.Run(name+" without permission", func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusForbidden, "Forbidden") })
			_, _, err := tt.ask(t.Context(), server.open(t))
			wantGap(t, err, string(tt.needs), "403 PERMISSION_DENIED")
		})
		t.Run(name+" that isn't served", func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, "404 page not found\n")
			})
			_, absent, err := tt.ask(t.Context(), server.open(t))
			if absent != tt.optional {
				t.Errorf("absent = %v, %v, want %v", absent, err, tt.optional)
			}
			if !tt.optional {
				wantGap(t, err, string(tt.needs), "404 NOT_FOUND")
			}
		})
	}
}
