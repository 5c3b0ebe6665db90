package fakecloud

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestCloseLeavesNothingRunning(t *testing.T) {
	c, err := Start(shop(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	client, base := plainClient(t, c, mainCluster)
	get(t, client, base+"/api/v1/pods", nil)
	get(t, client, base+argoProxy+"/healthz", nil)
	if _, err = listLogs(t, c, &loggingpb.ListLogEntriesRequest{ResourceNames: []string{"projects/shop-prod"}}); err != nil {
		t.Fatal(err)
	}
	// One request is still held by a pod when Close is called.
	wrote, ended := make(chan struct{}), make(chan error, 1)
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(wrote) }})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/namespaces/shop/pods/web-1:9000/proxy/", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		answer, err := client.Do(r)
		if err == nil {
			_ = answer.Body.Close()
		}
		ended <- err
	}()
	<-wrote
	c.Close()
	c.Close()
	c.SetWorld(shop(t))
	if err := <-ended; err == nil {
		t.Error("a held request was answered")
	}
	if _, err := c.DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "https://")+":443"); err == nil {
		t.Error("a closed cloud was dialled")
	}
	client.CloseIdleConnections()
	if left := leftovers(); left != "" {
		t.Errorf("still running:\n%s", left)
	}
}

// leftovers returns the goroutines that servers of this package run in. Those
// of a closed connection may be on their last instructions, so they are given
// the processor until they are gone or plainly stay.
func leftovers() string {
	var left string
	for range 10000 {
		left = ""
		buffer := make([]byte, 1<<20)
		for g := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
			server := strings.Contains(g, "net/http.(*conn).serve") || strings.Contains(g, "grpc.(*Server)") || strings.Contains(g, "created by plumbline/internal/fakecloud.start")
			if server && !strings.Contains(g, "testing.tRunner") {
				left += g + "\n\n"
			}
		}
		if left == "" {
			return ""
		}
		runtime.Gosched()
	}
	return left
}

func TestLatencyEndsWithTheClient(t *testing.T) {
	slow := start(t, shop(t), Options{Latency: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { cancel() }})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, slow.HTTP()+"/v1/"+mainCluster, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err == nil {
		_ = answer.Body.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a client that left: %v", err)
	}
}

func TestLatencyDelaysEveryAPI(t *testing.T) {
	const latency = 20 * time.Millisecond
	c := start(t, shop(t), Options{Latency: latency})
	began := time.Now()
	client := kubeClient(t, c)
	if _, err := client.Resource(podsGVR()).List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := listLogs(t, c, &loggingpb.ListLogEntriesRequest{ResourceNames: []string{"projects/shop-prod"}}); err != nil {
		t.Fatal(err)
	}
	if spent := time.Since(began); spent < 3*latency {
		t.Errorf("three calls took %s with a latency of %s each", spent, latency)
	}
}

func TestAnswersCarryTheScenariosDate(t *testing.T) {
	now := time.Date(2021, 9, 28, 0, 36, 18, 0, time.UTC)
	c := start(t, shop(t), Options{Now: now})
	client, base := plainClient(t, c, mainCluster)
	for _, url := range []string{base + "/api/v1/pods", base + "/api/v1/nonsense"} {
		answer, _ := get(t, client, url, nil)
		if got := answer.Header.Get("Date"); got != "Tue, 28 Sep 2021 00:36:18 GMT" {
			t.Errorf("%s: Date %q", url, got)
		}
	}
	answer, _ := get(t, http.DefaultClient, c.HTTP()+"/v1/"+mainCluster, nil)
	if got := answer.Header.Get("Date"); got != "Tue, 28 Sep 2021 00:36:18 GMT" {
		t.Errorf("REST: Date %q", got)
	}
}

func TestUnknownPathsAreNotFound(t *testing.T) {
	c := start(t, shop(t), Options{})
	for _, path := range []string{"/", "/v1/projects/shop-prod", "/compute/v1/projects/shop-prod/global/rockets", "/compute/v1/projects/shop-prod/global/backendServices/k8s1-web/setIamPolicy", "/v2/entries:list", "/compute/v1/projects/shop-prod/regions"} {
		if answer, body := get(t, http.DefaultClient, c.HTTP()+path, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
	for _, r := range c.Requests() {
		if r.Permission != "" || r.Method != http.MethodGet {
			t.Errorf("request %+v", r)
		}
	}
}
