package meter_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"plumbline/internal/meter"
)

func TestRoundsAreTheLongestChain(t *testing.T) {
	var m meter.Meter
	ctx := meter.With(t.Context(), &m)

	first := meter.Stage(ctx)
	fanOut(5, func(i int) {
		chain := meter.Chain(first)
		meter.Sent(chain)
		if i == 0 { // a list of three pages
			meter.Sent(chain)
			meter.Sent(chain)
		}
	})
	check(t, &m, 7, 3)

	second := meter.Stage(ctx)
	fanOut(4, func(int) { meter.Sent(meter.Chain(second)) })
	check(t, &m, 11, 4)

	meter.Sent(meter.Stage(ctx)) // without chain: one of its own
	check(t, &m, 12, 5)
}

func TestWithoutMeterNothingIsCounted(t *testing.T) {
	ctx := meter.Chain(meter.Stage(t.Context()))
	meter.Sent(ctx)
	if m := meter.From(ctx); m != nil {
		t.Errorf("From = %v, want nil", m)
	}
}

func TestTransportCountsRequests(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer server.Close()
	client := &http.Client{Transport: meter.Transport(http.DefaultTransport)}
	defer client.CloseIdleConnections()

	var m meter.Meter
	chain := meter.Chain(meter.With(t.Context(), &m))
	for range 2 {
		get(chain, t, client, server.URL)
	}
	check(t, &m, 2, 2)
	get(t.Context(), t, client, server.URL)
	check(t, &m, 2, 2)
}

func get(ctx context.Context, t *testing.T, client *http.Client, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
}

func fanOut(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func check(t *testing.T, m *meter.Meter, calls, rounds int) {
	t.Helper()
	if m.Calls() != calls || m.Rounds() != rounds {
		t.Errorf("calls = %d, rounds = %d, want %d and %d", m.Calls(), m.Rounds(), calls, rounds)
	}
}
