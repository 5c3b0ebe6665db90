package kube_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plumbline/internal/meter"
)

// pagesOf answers with these bodies, page after page, the first one from `start`;
// a body that isn't a page is for the test to look at.
func pagesOf(t *testing.T, sent *atomic.Int32, pages ...string) *apiServer {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		for i, page := range pages {
			if r.URL.Query().Get("continue") == token(i) {
				answer(w, page)
				return
			}
		}
		t.Errorf("asked %s", r.URL)
	})
}

// token is that of a page; the first has none.
func token(page int) string {
	if page == 0 {
		return ""
	}
	return fmt.Sprint("token-", page)
}

func podPage(page int, more bool, items string) string {
	next := ""
	if more {
		next = token(page + 1)
	}
	return fmt.Sprintf(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":%q,"remainingItemCount":3},"items":[%s]}`, next, items)
}

const (
	webPod = `{"metadata":{"namespace":"shop","name":"web-1"},"status":{"podIP":"10.8.0.21"}}`
	apiPod = `{"metadata":{"namespace":"shop","name":"api-1"},"status":{"podIP":"10.8.0.22"}}`
)

func TestOneBadPageMakesTheWholeListUnknown(t *testing.T) {
	for name, second := range map[string]string{
		"broken in the middle":     podPage(1, false, webPod+`,{"metadata":{"name":"web-2"`) + `}`,
		"cut off between objects":  `{"kind":"PodList","items":[` + webPod + `,`,
		"cut off before the end":   `{"kind":"PodList","items":[` + webPod + `]`,
		"more after the end":       podPage(1, false, webPod) + `{}`,
		"a number for a name":      podPage(1, false, `{"metadata":{"name":7}}`),
		"a text for a list":        podPage(1, false, `{"metadata":{"name":"web-2"},"spec":{"containers":"none"}}`),
		"an object without a name": podPage(1, false, `{"foo":"bar"}`),
		"no object at all":         podPage(1, false, `null`),
		"an array":                 `[` + webPod + `]`,
		"no items":                 `{"kind":"PodList","apiVersion":"v1","metadata":{}}`,
		"items as an object":       `{"kind":"PodList","items":{"web-1":` + webPod + `}}`,
		"a Status":                 `{"kind":"Status","status":"Success","items":[]}`,
		"a Table":                  `{"kind":"Table","items":[]}`,
		"nothing":                  ``,
		"null":                     `null`,
		"HTML":                     `<html>Sign in to continue</html>`,
		"the same page for ever":   podPage(0, true, webPod),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int32
			server := pagesOf(t, &sent, podPage(0, true, webPod+","+apiPod), second)
			v := server.open(t).Pods(t.Context(), "shop")
			if _, found := v.Get(); found || v.IsAbsent() {
				t.Errorf("found = %v, absent = %v, want unknown", found, v.IsAbsent())
			}
			wantGap(t, v.Err(), "container.pods.list", "unreadable answer")
			if got := sent.Load(); got != 2 {
				t.Errorf("%d requests, want 2", got)
			}
		})
	}
}

func TestTheErrorNamesTheObject(t *testing.T) {
	var sent atomic.Int32
	server := pagesOf(t, &sent, podPage(0, false, `{"metadata":{"namespace":"shop","name":"web-2"},"spec":{"containers":[{"name":"web","ports":"hunter2"}]}}`))
	err := server.open(t).Pods(t.Context(), "shop").Err()
	inner := unwrapped(t, err)
	if !strings.Contains(inner, "pods in shop of "+clusterName) || !strings.Contains(inner, "shop/web-2") || strings.Contains(inner, "hunter2") {
		t.Errorf("error = %s", inner)
	}
}

func TestListsOfAnyLayout(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want int
	}{
		"as the API server has it":     {podPage(0, false, webPod+","+apiPod), 2},
		"in the order of the alphabet": {`{"apiVersion":"v1","items":[` + webPod + `],"kind":"PodList","metadata":{"continue":""}}`, 1},
		"with fields of a later time":  {`{"kind":"PodList","shards":[{"items":[1]}],"metadata":{"shardInfo":{"continue":"x"}},"items":[` + webPod + `]}`, 1},
		"indented":                     {"{\n  \"kind\": \"PodList\",\n  \"items\": [\n " + webPod + "\n ]\n}\n", 1},
		"empty":                        {podPage(0, false, ""), 0},
		"null for an empty slice":      {`{"kind":"PodList","metadata":{},"items":null}`, 0},
	} {
		var sent atomic.Int32
		got, ok := pagesOf(t, &sent, tt.body).open(t).Pods(t.Context(), "shop").Get()
		if !ok || len(got) != tt.want {
			t.Errorf("%s: %d pods, %v, want %d", name, len(got), ok, tt.want)
		}
	}
}

// An empty page that names a next one isn't the end: the API server sends such when
// a selector leaves nothing of a page.
func TestEmptyPagesAreFollowed(t *testing.T) {
	var sent atomic.Int32
	var count meter.Meter
	server := pagesOf(t, &sent, podPage(0, true, ""), podPage(1, true, webPod), podPage(2, false, apiPod))
	got, ok := server.open(t).Pods(meter.Chain(meter.With(t.Context(), &count)), "shop").Get()
	if !ok || len(got) != 2 || got[1].Name != "api-1" || count.Calls() != 3 || count.Rounds() != 3 {
		t.Errorf("pods = %v, %v after %d calls, %d rounds", got, ok, count.Calls(), count.Rounds())
	}
}

func TestAnExpiredTokenIsNotBegunAgain(t *testing.T) {
	var sent atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		if r.URL.Query().Get("continue") == "" {
			answer(w, podPage(0, true, webPod))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusGone)
		_, _ = io.WriteString(w, `{"kind":"Status","status":"Failure","reason":"Expired","code":410,"metadata":{"continue":"inconsistent"},
			"message":"The provided continue parameter is too old to display a consistent list result."}`)
	})
	wantGap(t, server.open(t).Pods(t.Context(), "shop").Err(), "container.pods.list", "410 Gone")
	if got := sent.Load(); got != 2 {
		t.Errorf("%d requests, want 2", got)
	}
}

func TestOnlyTheAPIServersWordIsAbsence(t *testing.T) {
	status := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":404,"message":"no"}`
	for name, tt := range map[string]struct {
		contentType, body      string
		resourceGone, noObject bool
	}{
		"the API server doesn't know the path": {"text/plain; charset=utf-8", "404 page not found\n", true, false},
		"a Status":                             {"application/json", fmt.Sprintf(status, "NotFound"), true, true},
		"a Status for another reason":          {"application/json", fmt.Sprintf(status, "Expired"), false, false},
		"a proxy's page":                       {"text/html", "<html><title>Error 404 (Not Found)!!1</title></html>", false, false},
		"a proxy's JSON":                       {"application/json", `{"error":{"code":404,"status":"NOT_FOUND"}}`, false, false},
		"nothing":                              {"text/plain", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, tt.body)
			})
			cluster, ctx := server.open(t), t.Context()
			policies := cluster.HealthCheckPolicies(ctx, "shop")
			if policies.IsAbsent() != tt.resourceGone {
				t.Errorf("a CRD: absent = %v, %v", policies.IsAbsent(), policies.Err())
			}
			if !tt.resourceGone {
				wantGap(t, policies.Err(), "container.thirdPartyObjects.list", "404 NOT_FOUND")
			}
			cm := cluster.ConfigMap(ctx, "argocd/argocd-cmd-params-cm")
			if cm.IsAbsent() != tt.noObject {
				t.Errorf("an object: absent = %v, %v", cm.IsAbsent(), cm.Err())
			}
			// Every API server has pods: a 404 is no empty list of them.
			wantGap(t, cluster.Pods(ctx, "shop").Err(), "container.pods.list", "404 NOT_FOUND")
		})
	}
}

func TestTheDNSEndpointRefusesEverything(t *testing.T) {
	for name, body := range map[string]string{
		"as Status": `{"kind":"Status","reason":"Forbidden","code":403,"message":"Permission 'container.clusters.connect' denied on resource"}`,
		"as error":  `{"error":{"code":403,"message":"Permission 'container.clusters.connect' denied on resource"}}`,
		"as text":   `Permission 'container.clusters.connect' denied on resource`,
	} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, body)
		})
		t.Log(name)
		wantGap(t, server.open(t).BackendConfigs(t.Context(), "shop").Err(), "kubernetes/main", "403 PERMISSION_DENIED container.clusters.connect")
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	wantGap(t, server.open(t).Services(t.Context(), "shop").Err(), "container.services.list", "302 Found")
	if elsewhere.Load() != 0 {
		t.Error("the token went elsewhere")
	}
}

func TestNamesCannotLeaveTheirPath(t *testing.T) {
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked %s", r.URL) })
	cluster, ctx := server.open(t), t.Context()
	for _, key := range []string{"argocd/../../secrets", "argocd/..", "../secrets", "argocd/a%2fb", "argocd/a/b"} {
		wantGap(t, cluster.ConfigMap(ctx, key).Err(), "container.configMaps.list", "unreadable answer")
	}
	wantGap(t, cluster.Pods(ctx, "shop/secrets").Err(), "container.pods.list", "unreadable answer")
}

func TestWhatComesTooSlowlyOrNotToItsEnd(t *testing.T) {
	half := strings.TrimSuffix(podPage(0, false, webPod+","+apiPod), "}]}")
	broken := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, half)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	wantGap(t, broken.open(t).Pods(t.Context(), "shop").Err(), "container.pods.list", "answer broke off")

	slow := serve(t, func(w http.ResponseWriter, r *http.Request) {
		answer(w, half)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	wantGap(t, slow.open(t).Pods(ctx, "shop").Err(), "container.pods.list", "timeout")
}

// One string of 200 MB, in places where it is kept and where it is skipped.
func TestAHugeObjectIsRefused(t *testing.T) {
	for name, start := range map[string]string{
		"in an object":           `{"kind":"PodList","metadata":{},"items":[` + webPod + `,{"metadata":{"name":"web-2","annotations":{"a":"`,
		"in a field of the list": `{"kind":"PodList","metadata":{"a":"`,
		"as the key of a field":  `{"`,
		"as white space":         ` `,
	} {
		fill := byte('x')
		if start == " " {
			fill = ' '
		}
		var wrote atomic.Int64
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			answer(w, start)
			chunk := bytes.Repeat([]byte{fill}, 1<<20)
			for range 200 {
				n, err := w.Write(chunk)
				wrote.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
		wantGap(t, server.open(t).Pods(t.Context(), "shop").Err(), "container.pods.list", "an object larger than 8 MiB")
		server.Close()
		if got := wrote.Load() >> 20; got > 32 {
			t.Errorf("%s: %d MiB were read", name, got)
		}
	}
}

// The limit is one object's: a list may be longer.
func TestALongListIsNoHugeObject(t *testing.T) {
	item := fmt.Sprintf(`{"metadata":{"namespace":"shop","name":"web-1","annotations":{"a":%q}}}`, strings.Repeat("x", 1<<20))
	var sent atomic.Int32
	got, ok := pagesOf(t, &sent, podPage(0, false, item+strings.Repeat(","+item, 19))).open(t).Pods(t.Context(), "shop").Get()
	if !ok || len(got) != 20 {
		t.Errorf("%d pods, %v, want 20", len(got), ok)
	}
}
