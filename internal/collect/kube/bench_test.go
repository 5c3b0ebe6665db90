package kube_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/collect/kube"
	"plumbline/internal/fakecloud/bigworld"
)

// BenchmarkPods lists pods of some 12 kB each, managedFields included, from an API
// server in the same process, which has them on disk. peak-MB is how far the heap
// grows while it does, garbage included; kept-MB/1000 is what 1,000 pods are once
// they are read.
func BenchmarkPods(b *testing.B) {
	for _, ingresses := range []int{5, 50, 500} {
		b.Run(fmt.Sprint(10*ingresses), func(b *testing.B) {
			pages, size := podPages(b, ingresses)
			server := serve(b, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				http.ServeFile(w, r, filepath.Join(pages, "page"+r.URL.Query().Get("continue")))
			})
			cluster := server.open(b)
			b.SetBytes(size)
			b.ReportAllocs()
			before := heapInUse()
			peak, stop := watchHeap()
			var pods []*corev1.Pod
			for b.Loop() {
				clear(pods) // don't hold the last ones meanwhile
				pods = listPods(b, cluster)
			}
			stop()
			b.ReportMetric(float64(peak()-before)/1e6, "peak-MB")
			b.ReportMetric(float64(heapInUse()-before)/1e6/float64(len(pods))*1000, "kept-MB/1000")
			if len(pods) != 10*ingresses {
				b.Errorf("%d pods, want %d", len(pods), 10*ingresses)
			}
			runtime.KeepAlive(pods)
		})
	}
}

func listPods(b *testing.B, c *kube.Cluster) []*corev1.Pod {
	b.Helper()
	v := c.Pods(b.Context(), "")
	pods, ok := v.Get()
	if !ok {
		b.Fatal(v.Err())
	}
	return pods
}

// podPages writes the pages of a list of all pods, as the API server has them, to
// files whose names end with the page's token; size is what they have together.
func podPages(b *testing.B, ingresses int) (dir string, size int64) {
	b.Helper()
	var items [][]byte
	for _, o := range bigworld.World(ingresses, 10).Kubernetes["main"] {
		if o.GetKind() != "Pod" {
			continue
		}
		item, err := json.Marshal(o.Object)
		if err != nil {
			b.Fatal(err)
		}
		items = append(items, item)
	}
	dir = b.TempDir()
	page := 0
	for chunk := range slices.Chunk(items, 500) {
		next := ""
		if page*500+len(chunk) < len(items) {
			next = token(page + 1)
		}
		head := fmt.Sprintf(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":%q},"items":[`, next)
		body := slices.Concat([]byte(head), bytes.Join(chunk, []byte(",")), []byte("]}"))
		if err := os.WriteFile(filepath.Join(dir, "page"+token(page)), body, 0o600); err != nil {
			b.Fatal(err)
		}
		size += int64(len(body))
		page++
	}
	return dir, size
}

// heapInUse is what lives on the heap, in bytes.
func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // the first one only begins to sweep what finalizers hold
	return heap()
}

func heap() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// watchHeap looks at the heap every millisecond until stop; peak is the most that
// was on it then, garbage included.
func watchHeap() (peak func() int64, stop func()) {
	var most int64
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, heap())
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	return func() int64 { return most }, func() { close(done); <-over }
}
