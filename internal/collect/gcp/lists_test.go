package gcp_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/collect/gcp"
	"plumbline/internal/facts"
)

func TestEveryAggregatedListJoinsPagesAndScopes(t *testing.T) {
	t.Parallel()
	for _, list := range aggregatedReads {
		t.Run(list.path, func(t *testing.T) {
			t.Parallel()
			r := serve(t, func(w http.ResponseWriter, req *http.Request) {
				q := req.URL.Query()
				if req.Method != http.MethodGet || req.URL.Path != "/compute/v1/projects/shop-prod/aggregated/"+list.path || q.Get("maxResults") != "500" || q.Get("returnPartialSuccess") != "true" {
					t.Errorf("asked %s %s", req.Method, req.URL)
				}
				if q.Get("pageToken") == "" {
					answer(w, fmt.Sprintf(`{"nextPageToken":"two","items":{"global":{%q:[{"name":"a","unheardOf":{"x":1}}]},"regions/us-east1":{"warning":{"code":"NO_RESULTS_ON_PAGE"}}}}`, list.path))
					return
				}
				answer(w, fmt.Sprintf(`{"items":{"regions/us-east1":{%q:[{"name":"b"},{"name":"c"}]}},"warning":{"code":"NO_RESULTS_ON_PAGE"}}`, list.path))
			})
			got := list.do(t.Context(), r)
			if diff := cmp.Diff([]string{"a", "b", "c"}, got.names); diff != "" || got.err != nil {
				t.Errorf("error %v, names (-want +got):\n%s", got.err, diff)
			}
		})
	}
}

func TestEveryAggregatedListKeepsWhatAnswered(t *testing.T) {
	t.Parallel()
	for _, list := range aggregatedReads {
		t.Run(list.path, func(t *testing.T) {
			t.Parallel()
			r := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				answer(w, fmt.Sprintf(`{"unreachables":["projects/shop-prod/zones/us-east1-b"],"items":{"zones/us-east1-c":{%q:[{"name":"a"}]}}}`, list.path))
			})
			got := list.do(t.Context(), r)
			wantGap(t, got.err, list.needs, "no answer from zones/us-east1-b")
			if !cmp.Equal(got.names, []string{"a"}) || !got.lacks("zones/us-east1-b") || got.lacks("zones/us-east1-c") {
				t.Errorf("names = %v, lacks b: %t, c: %t", got.names, got.lacks("zones/us-east1-b"), got.lacks("zones/us-east1-c"))
			}
		})
	}
}

func TestHowAListSaysThatItIsNotWhole(t *testing.T) {
	t.Parallel()
	const twoPages = `{"nextPageToken":"two","unreachables":["zones/us-east1-b"],"items":{"global":{}}}`
	tests := map[string]struct {
		first, second string
		status        string
		// lost: what is missing may be anywhere.
		lost bool
	}{
		"nothing but an unreachable zone":       {first: `{"unreachables":["zones/us-east1-b"]}`, status: "no answer from zones/us-east1-b"},
		"by its URL":                            {first: `{"unreachables":["https://www.googleapis.com/compute/v1/projects/shop-prod/zones/us-east1-b"]}`, status: "no answer from zones/us-east1-b"},
		"a warning of the scope":                {first: `{"items":{"zones/us-east1-b":{"warning":{"code":"UNREACHABLE"}},"zones/us-east1-c":{}}}`, status: "no answer from zones/us-east1-b"},
		"partial success of the scope":          {first: `{"items":{"zones/us-east1-b":{"warning":{"code":"PARTIAL_SUCCESS"}}}}`, status: "no answer from zones/us-east1-b"},
		"said on an earlier page":               {first: twoPages, second: `{"items":{"global":{}}}`, status: "no answer from zones/us-east1-b"},
		"said on both pages, and by a warning":  {first: twoPages, second: `{"unreachables":["zones/us-east1-b","regions/us-east1"],"items":{"zones/us-east1-b":{"warning":{"code":"UNREACHABLE"}}}}`, status: "no answer from regions/us-east1, zones/us-east1-b"},
		"a warning of the list beside the name": {first: `{"unreachables":["zones/us-east1-b"],"warning":{"code":"PARTIAL_SUCCESS"}}`, status: "no answer from zones/us-east1-b"},
		"a warning of the list without a name":  {first: `{"items":{"global":{"networkEndpointGroups":[{"name":"n"}]}},"warning":{"code":"PARTIAL_SUCCESS"}}`, status: "an incomplete list", lost: true},
		"a page that was skipped":               {first: `{"nextPageToken":"two","unreachables":["zones/us-east1-b"]}`, second: `{"items":{"global":{}}}`, status: "an incomplete list", lost: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := serve(t, func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Query().Get("pageToken") == "" {
					answer(w, test.first)
					return
				}
				answer(w, test.second)
			})
			got := r.NEGs(t.Context(), project)
			wantGap(t, got.Err(), facts.NEGs, test.status)
			if _, ok := got.Get(); ok == test.lost || got.Lacks("zones/asia-east1-a") != test.lost || !got.Lacks("zones/us-east1-b") {
				t.Errorf("found %t, lacks another zone: %t", ok, got.Lacks("zones/asia-east1-a"))
			}
		})
	}
}

func TestALaterPageThatFailsLosesTheList(t *testing.T) {
	t.Parallel()
	r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("pageToken") != "" {
			refuse(w, 503, "backendError", "")
			return
		}
		answer(w, `{"nextPageToken":"two","items":{"global":{"urlMaps":[{"name":"a"}]}}}`)
	})
	got := r.URLMaps(t.Context(), project)
	wantGap(t, got.Err(), facts.URLMaps, "503 UNAVAILABLE")
	if _, ok := got.Get(); ok {
		t.Error("a part of the list stands for all of it")
	}
}

func TestInstancesAskForAndKeepFewFields(t *testing.T) {
	t.Parallel()
	r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		const want = "items/*/instances(id,name,selfLink,zone,status,creationTimestamp,lastStartTimestamp,labels,tags/items,serviceAccounts/email,networkInterfaces(name,network,subnetwork,networkIP,ipv6Address)),items/*/warning,nextPageToken,unreachables,warning"
		if got := req.URL.Query().Get("fields"); got != want {
			t.Errorf("fields = %q", got)
		}
		answer(w, `{"items":{"zones/us-east1-b":{"instances":[{"id":"7","name":"n1","selfLink":"s","zone":"z","status":"RUNNING","creationTimestamp":"c","lastStartTimestamp":"l","labels":{"goog-k8s-cluster-name":"main"},
			"tags":{"items":["gke-main-1f2e3d4c-node"],"fingerprint":"x"},"serviceAccounts":[{"email":"nodes@acme.example","scopes":["s"]}],
			"networkInterfaces":[{"name":"nic0","network":"net","subnetwork":"sub","networkIP":"10.0.0.2","ipv6Address":"fd20::2","accessConfigs":[{"natIP":"192.0.2.1"}],"aliasIpRanges":[{"ipCidrRange":"10.8.0.0/24"}]}],
			"metadata":{"items":[{"key":"kube-env","value":"secret"}]},"disks":[{"deviceName":"d"}]},{"name":"bare"}]}}}`)
	})
	found, ok := r.Instances(t.Context(), project).Get()
	if !ok || len(found) != 2 {
		t.Fatalf("instances = %v, %t", found, ok)
	}
	n := found[0]
	if n.GetId() != 7 || n.GetSelfLink() != "s" || n.GetZone() != "z" || n.GetStatus() != "RUNNING" || n.GetCreationTimestamp() != "c" || n.GetLastStartTimestamp() != "l" || n.GetLabels()["goog-k8s-cluster-name"] != "main" ||
		!cmp.Equal(n.GetTags().GetItems(), []string{"gke-main-1f2e3d4c-node"}) || n.GetServiceAccounts()[0].GetEmail() != "nodes@acme.example" {
		t.Errorf("instance = %v", n)
	}
	nic := n.GetNetworkInterfaces()[0]
	if nic.GetName() != "nic0" || nic.GetNetwork() != "net" || nic.GetSubnetwork() != "sub" || nic.GetNetworkIP() != "10.0.0.2" || nic.GetIpv6Address() != "fd20::2" {
		t.Errorf("interface = %v", nic)
	}
	if n.GetMetadata() != nil || n.GetDisks() != nil || n.GetServiceAccounts()[0].GetScopes() != nil || nic.GetAliasIpRanges() != nil || nic.GetAccessConfigs() != nil {
		t.Errorf("too much kept: %v", n)
	}
}

func TestGlobalListsJoinPages(t *testing.T) {
	t.Parallel()
	for path, read := range map[string]read{
		"targetSslProxies": {needs: facts.TargetSSLProxies, do: named((*gcp.Reader).TargetSSLProxies)},
		"firewalls":        {needs: facts.Firewalls, do: named((*gcp.Reader).Firewalls)},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			r := serve(t, func(w http.ResponseWriter, req *http.Request) {
				q := req.URL.Query()
				if req.URL.Path != "/compute/v1/projects/shop-prod/global/"+path || q.Get("maxResults") != "500" || q.Has("returnPartialSuccess") {
					t.Errorf("asked %s", req.URL)
				}
				if q.Get("pageToken") == "" {
					answer(w, `{"nextPageToken":"two","items":[{"name":"a"}]}`)
					return
				}
				answer(w, `{"items":[{"name":"b"}]}`)
			})
			got := read.do(t.Context(), r)
			if !cmp.Equal(got.names, []string{"a", "b"}) || got.err != nil {
				t.Errorf("names = %v, error %v", got.names, got.err)
			}
		})
	}
}
