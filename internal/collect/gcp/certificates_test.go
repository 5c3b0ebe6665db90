package gcp_test

import (
	"fmt"
	"net/http"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

// certificateManagerReads are those of otherReads, by the path that they ask.
func certificateManagerReads() map[string]read {
	paths := map[facts.Kind]string{
		facts.CertificateMaps:    "/v1/projects/shop-prod/locations/global/certificateMaps",
		facts.CertificateEntries: "/v1/" + certificateMap + "/certificateMapEntries",
		facts.Certificates:       "/v1/projects/shop-prod/locations/global/certificates",
	}
	reads := map[string]read{}
	for _, r := range otherReads {
		if where, ok := paths[r.needs]; ok {
			reads[where] = r
		}
	}
	return reads
}

func TestCertificateManagerListsJoinPages(t *testing.T) {
	t.Parallel()
	for where, read := range certificateManagerReads() {
		t.Run(string(read.needs), func(t *testing.T) {
			t.Parallel()
			r := serve(t, func(w http.ResponseWriter, req *http.Request) {
				q := req.URL.Query()
				if req.URL.Path != where || q.Get("pageSize") != "500" {
					t.Errorf("asked %s", req.URL)
				}
				next, name := "", "b"
				if q.Get("pageToken") == "" {
					next, name = "two", "a"
				}
				answer(w, fmt.Sprintf(`{"nextPageToken":%q,%q:[{"name":%q}]}`, next, path.Base(where), name))
			})
			var count meter.Meter
			got := read.do(meter.Chain(meter.With(t.Context(), &count)), r)
			if !cmp.Equal(got.names, []string{"a", "b"}) || got.err != nil {
				t.Errorf("names = %v, error %v", got.names, got.err)
			}
			if count.Calls() != 2 || count.Rounds() != 2 {
				t.Errorf("calls, rounds = %d, %d, want 2, 2", count.Calls(), count.Rounds())
			}
		})
	}
}

func TestALocationThatDoesNotAnswerIsLackingInCertificateManager(t *testing.T) {
	t.Parallel()
	for where, read := range certificateManagerReads() {
		t.Run(string(read.needs), func(t *testing.T) {
			t.Parallel()
			r := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				answer(w, fmt.Sprintf(`{%q:[{"name":"a"}],"unreachable":["projects/shop-prod/locations/global"]}`, path.Base(where)))
			})
			got := read.do(t.Context(), r)
			wantGap(t, got.err, read.needs, "no answer from global")
			if !cmp.Equal(got.names, []string{"a"}) || !got.lacks("global") {
				t.Errorf("names = %v, lacks global: %t", got.names, got.lacks("global"))
			}
		})
	}
}
