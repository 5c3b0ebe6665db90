package fakecloud

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/api/container/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"plumbline/internal/scenario"
)

// crowd is a cluster of pods as large as real ones, managedFields included, in
// namespaces of ten.
func crowd(pods int) *scenario.World {
	w := &scenario.World{
		Project:    "shop-prod",
		Clusters:   map[string]*container.Cluster{mainCluster: {}},
		Kubernetes: map[string][]*unstructured.Unstructured{},
	}
	owned := map[string]any{}
	for i := range 150 {
		owned[fmt.Sprintf("f:field-%d", i)] = map[string]any{".": map[string]any{}, "f:value": map[string]any{}}
	}
	for i := range pods {
		name := fmt.Sprintf("web-%05d", i)
		w.Kubernetes["main"] = append(w.Kubernetes["main"], &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": map[string]any{
				"name": name, "namespace": fmt.Sprintf("shop-%d", i/10), "labels": map[string]any{"app": "web", "tenth": fmt.Sprint(i % 10)},
				"managedFields": []any{map[string]any{"manager": "kubelet", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": owned}},
			},
			"spec":   map[string]any{"nodeName": fmt.Sprintf("node-%d", i%7), "hostNetwork": i%2 == 0},
			"status": map[string]any{"phase": "Running", "podIP": "10.8.0.1", "podIPs": []any{map[string]any{"ip": "10.8.0.1"}}},
		}})
	}
	return w
}

func TestPagesAddUpToTheList(t *testing.T) {
	t.Parallel()
	c := start(t, crowd(95), Options{})
	pods := kubeClient(t, c).Resource(podsGVR())
	for _, options := range []metav1.ListOptions{{}, {LabelSelector: "tenth in (3, 4)"}, {FieldSelector: "spec.nodeName=node-3"}} {
		whole, err := pods.List(t.Context(), options)
		if err != nil || len(whole.Items) == 0 {
			t.Fatal(err)
		}
		var paged []string
		for options.Limit = 7; ; {
			page, err := pods.List(t.Context(), options)
			if err != nil {
				t.Fatal(err)
			}
			if n := page.GetRemainingItemCount(); n != nil && int(*n) != len(whole.Items)-len(paged)-len(page.Items) {
				t.Errorf("%d items remain after %d", *n, len(paged)+len(page.Items))
			}
			paged = append(paged, names(page)...)
			if options.Continue = page.GetContinue(); options.Continue == "" {
				break
			}
		}
		if !slices.Equal(paged, names(whole)) {
			t.Errorf("%+v: pages %v, whole %v", options, paged, names(whole))
		}
	}
	// shop-1 is the beginning of another namespace's name.
	if one, err := pods.Namespace("shop-1").List(t.Context(), metav1.ListOptions{}); err != nil || len(one.Items) != 10 {
		t.Errorf("shop-1: %d pods, %v", len(one.Items), err)
	}
	if last, err := pods.Namespace("shop-9").List(t.Context(), metav1.ListOptions{Limit: 3}); err != nil || len(last.Items) != 3 || *last.GetRemainingItemCount() != 2 {
		t.Errorf("shop-9: %v, %v", last, err)
	}
}

func TestFieldSelectorsAreThoseOfTheKind(t *testing.T) {
	t.Parallel()
	c := start(t, crowd(20), Options{})
	client := kubeClient(t, c)
	for selector, want := range map[string]int{
		"spec.nodeName=node-6": 2, "status.phase!=Running": 0, "spec.hostNetwork=true": 10, "status.podIPs=10.8.0.1": 20, "spec.restartPolicy=": 20,
		"status.nominatedNodeName!=": 0, "metadata.name=web-00003,spec.nodeName=node-3": 1,
	} {
		list, err := client.Resource(podsGVR()).List(t.Context(), metav1.ListOptions{FieldSelector: selector})
		if err != nil || len(list.Items) != want {
			t.Errorf("%s: %v, want %d", selector, err, want)
		}
	}
	for resource, selector := range map[string]string{"pods": "spec.containers=x", "services": "spec.selector=x", "configmaps": "data=x", "nodes": "spec.providerID=x"} {
		_, err := client.Resource(gvr("", "v1", resource)).List(t.Context(), metav1.ListOptions{FieldSelector: selector})
		want := fmt.Sprintf("Unable to find \"/v1, Resource=%s\" that match label selector \"\", field selector %q: field label not supported: %s", resource, selector, strings.TrimSuffix(selector, "=x"))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", resource, err, want)
		}
	}
}

// A get names its kind although lists don't, and the other way round: what was
// encoded for a list stays the list's.
func TestAGetAfterAListIsWhole(t *testing.T) {
	t.Parallel()
	c := start(t, crowd(1), Options{})
	client, base := plainClient(t, c, mainCluster)
	token := http.Header{"Authorization": {"Bearer x"}}
	_, list := get(t, client, base+"/api/v1/pods", token)
	_, pod := get(t, client, base+"/api/v1/namespaces/shop-0/pods/web-00000", token)
	_, again := get(t, client, base+"/api/v1/pods", token)
	if strings.Contains(list, `"kind":"Pod"`) || !strings.Contains(pod, `"kind":"Pod"`) || list != again {
		t.Errorf("list %.80s\npod %.80s", list, pod)
	}
}

func BenchmarkPodPages(b *testing.B) {
	for _, pods := range []int{500, 5000} {
		b.Run(fmt.Sprint(pods), func(b *testing.B) {
			c, err := Start(crowd(pods), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			client, err := rest.HTTPClientFor(&rest.Config{Dial: c.DialContext, Proxy: noProxy, BearerToken: "x", TLSClientConfig: rest.TLSClientConfig{Insecure: true}})
			if err != nil {
				b.Fatal(err)
			}
			defer client.CloseIdleConnections()
			endpoint := "https://" + c.state.Load().endpoints[mainCluster]
			b.ReportAllocs()
			for b.Loop() {
				read := int64(0)
				for next := ""; ; {
					n, token := readPage(b, client, endpoint+"/api/v1/pods?limit=500&continue="+next)
					if read += n; token == "" {
						break
					}
					next = token
				}
				b.SetBytes(read)
			}
		})
	}
}

// readPage returns the size of a page and the token of the next one.
func readPage(b *testing.B, client *http.Client, url string) (size int64, next string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	// The token is in front of the items.
	head := make([]byte, 256)
	n, err := io.ReadFull(answer.Body, head)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s: %v", answer.Status, err)
	}
	rest, err := io.Copy(io.Discard, answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	if _, after, ok := strings.Cut(string(head), `"continue":"`); ok {
		next, _, _ = strings.Cut(after, `"`)
	}
	return int64(n) + rest, next
}
