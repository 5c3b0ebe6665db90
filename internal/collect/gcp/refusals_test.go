package gcp_test

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/compute/apiv1/computepb"
	certificatemanager "google.golang.org/api/certificatemanager/v1"
	"google.golang.org/api/container/v1"

	"plumbline/internal/collect/gcp"
	"plumbline/internal/facts"
)

const (
	zonalNEG       = "projects/shop-prod/zones/us-east1-b/networkEndpointGroups/n"
	certificateMap = "projects/shop-prod/locations/global/certificateMaps/shop"
)

// otherReads are those that aren't aggregated lists.
var otherReads = []read{
	{needs: facts.TargetSSLProxies, do: named((*gcp.Reader).TargetSSLProxies)},
	{needs: facts.Firewalls, do: named((*gcp.Reader).Firewalls)},
	{needs: facts.Network, oneObject: true, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lookAt(r.Network(ctx, "shop-net", "prod"), nothing[*computepb.Network])
	}},
	{needs: facts.NetworkFirewall, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lookAt(r.NetworkFirewall(ctx, "shop-net", "prod"), nothing[*computepb.NetworksGetEffectiveFirewallsResponse])
	}},
	{needs: facts.RegionFirewall, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lookAt(r.RegionFirewall(ctx, "shop-net", "us-east1", "prod"), nothing[*computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse])
	}},
	{needs: facts.ProjectQuotas, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lists(r.ProjectQuotas(ctx, project), (*computepb.Quota).GetMetric)
	}},
	{needs: facts.RegionQuotas, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lists(r.RegionQuotas(ctx, project, "us-east1"), (*computepb.Quota).GetMetric)
	}},
	{needs: facts.Cluster, oneObject: true, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lookAt(r.Cluster(ctx, "projects/shop-prod/locations/us-east1/clusters/main"), nothing[*container.Cluster])
	}},
	{needs: facts.Clusters, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lists(r.Clusters(ctx, project), func(c *container.Cluster) string { return c.Name })
	}},
	{needs: facts.Operations, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lists(r.Operations(ctx, project, "us-east1"), func(o *container.Operation) string { return o.Name })
	}},
	{needs: facts.BackendHealth, oneObject: true, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lists(r.Health(ctx, facts.BackendGroup{BackendService: "projects/shop-prod/global/backendServices/b", Group: zonalNEG}), (*computepb.HealthStatus).GetInstance)
	}},
	{needs: facts.RegionBackendHealth, oneObject: true, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lists(r.Health(ctx, facts.BackendGroup{BackendService: "projects/shop-prod/regions/us-east1/backendServices/b", Group: zonalNEG}), (*computepb.HealthStatus).GetInstance)
	}},
	{needs: facts.NEGEndpoints, oneObject: true, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lookAt(r.Endpoints(ctx, zonalNEG), nothing[[]*computepb.NetworkEndpointWithHealthStatus])
	}},
	{needs: facts.CertificateMaps, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lists(r.CertificateMaps(ctx, project), func(m *certificatemanager.CertificateMap) string { return m.Name })
	}},
	{needs: facts.CertificateEntries, oneObject: true, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lists(r.CertificateEntries(ctx, certificateMap), func(e *certificatemanager.CertificateMapEntry) string { return e.Name })
	}},
	{needs: facts.Certificates, do: func(ctx context.Context, r *gcp.Reader) outcome {
		return lists(r.Certificates(ctx, project), func(c *certificatemanager.Certificate) string { return c.Name })
	}},
}

func nothing[T any](T) []string { return nil }

func TestEveryRefusalIsANamedGapAndSentOnce(t *testing.T) {
	t.Parallel()
	const disabled = `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"SERVICE_DISABLED","domain":"googleapis.com"}`
	for want, h := range map[string]http.HandlerFunc{
		"403 PERMISSION_DENIED": func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "forbidden", "") },
		"403 rateLimitExceeded": func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "rateLimitExceeded", "") },
		"403 quotaExceeded":     func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "quotaExceeded", "") },
		"403 SERVICE_DISABLED":  func(w http.ResponseWriter, _ *http.Request) { refuse(w, 403, "forbidden", disabled) },
		"503 UNAVAILABLE":       func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "backendError", "") },
		"404 NOT_FOUND":         func(w http.ResponseWriter, _ *http.Request) { refuse(w, 404, "notFound", "") },
		"no answer":             func(w http.ResponseWriter, _ *http.Request) { answer(w, `<html>Sign in</html>`) },
		"connection closed by the server": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			answer(w, `{"items":`)
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			for _, read := range slices.Concat(aggregatedReads, otherReads) {
				var sent atomic.Int32
				r := serve(t, func(w http.ResponseWriter, req *http.Request) { sent.Add(1); h(w, req) })
				got := read.do(t.Context(), r)
				if want == "404 NOT_FOUND" && read.oneObject {
					if !got.absent {
						t.Errorf("%s: one object that is gone must be absent, got %v", read.needs, got.err)
					}
				} else {
					wantGap(t, got.err, read.needs, want)
				}
				if sent.Load() != 1 {
					t.Errorf("%s: %d requests", read.needs, sent.Load())
				}
			}
		})
	}
}

func TestAContextThatIsOverReachesEveryRead(t *testing.T) {
	t.Parallel()
	r := serve(t, func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, read := range slices.Concat(aggregatedReads, otherReads) {
		wantGap(t, read.do(ctx, r).err, read.needs, "canceled")
	}
}
