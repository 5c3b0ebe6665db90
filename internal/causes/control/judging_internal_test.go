package control

import (
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

const (
	testCluster = "projects/p/locations/europe-west1/clusters/main"
	computeURL  = "https://www.googleapis.com/compute/v1/"
	frontMap    = "projects/p/global/urlMaps/k8s2-um-ma0ofpm6-shop-front-1q2w3e4r"
)

var testNow = time.Date(2026, 11, 17, 13, 30, 0, 0, time.UTC)

// refused is Ingress shop/front, whose controller says a message for an hour.
func refused(message, reason string) cause.Case {
	s := &facts.Snapshot{Now: testNow, ClusterName: testCluster, Project: "p"}
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "front", UID: "u", Finalizers: []string{glbc.FinalizerV2}, Annotations: map[string]string{glbc.ClassAnnotation: "gce"}}}
	s.Ingresses = facts.Found([]*networkingv1.Ingress{ing})
	s.Services = facts.Found([]*corev1.Service(nil))
	s.ClusterUID = facts.Found("c0ffee")
	s.Events = facts.Found([]*corev1.Event{{
		InvolvedObject: corev1.ObjectReference{Kind: facts.KindIngress, Namespace: "shop", Name: "front"}, Type: corev1.EventTypeWarning, Reason: reason, Message: message,
		Source:         corev1.EventSource{Component: glbc.Controller},
		FirstTimestamp: metav1.NewTime(testNow.Add(-time.Hour)), LastTimestamp: metav1.NewTime(testNow.Add(-time.Minute)),
	}})
	return cause.Case{Facts: s, Target: facts.Ref{Cluster: testCluster, Kind: facts.KindIngress, Namespace: "shop", Name: "front"}}
}

func TestAQuotaThatHasRoomIsRefuted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		usage float64
		want  cause.Confidence
	}{
		"at its limit": {5, cause.Proven},
		"has room":     {4, 0},
		"unread":       {-1, cause.Likely},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := refused("Error syncing to GCP: googleapi: Error 403: Quota 'BACKEND_SERVICES' exceeded. Limit: 5.0 globally., quotaExceeded", "Sync")
			if tt.usage >= 0 {
				c.Facts.ProjectQuotas = facts.Found([]*computepb.Quota{{Metric: new("BACKEND_SERVICES"), Limit: new(5.0), Usage: new(tt.usage)}})
			}
			out := checkQuota(c.Prepared())
			if got := confidenceOf(out); got != tt.want || (tt.want == 0) != (out.RuledOut != "") {
				t.Errorf("%v, ruled out %q", got, out.RuledOut)
			}
		})
	}
}

func confidenceOf(out cause.Outcome) (c cause.Confidence) {
	for _, f := range out.Findings {
		c = max(c, f.Confidence)
	}
	return c
}

func TestWhoHoldsAURLMap(t *testing.T) {
	t.Parallel()
	proxy := func(name string) *computepb.TargetHttpProxy {
		return &computepb.TargetHttpProxy{Name: new(name), SelfLink: new(computeURL + "projects/p/global/targetHttpProxies/" + name), UrlMap: new(computeURL + frontMap)}
	}
	for name, tt := range map[string]struct {
		proxies facts.Value[[]*computepb.TargetHttpProxy]
		want    cause.Confidence
		subject string
	}{
		"the one that the error names":  {facts.Found([]*computepb.TargetHttpProxy{proxy("legacy")}), cause.Proven, "legacy"},
		"another one by now":            {facts.Found([]*computepb.TargetHttpProxy{proxy("mine")}), cause.Proven, "mine"},
		"nobody any more":               {facts.Found([]*computepb.TargetHttpProxy(nil)), 0, ""},
		"not to be told":                {facts.Unknown[[]*computepb.TargetHttpProxy](nil), cause.Likely, "legacy"},
		"another cluster's leftover":    {facts.Found([]*computepb.TargetHttpProxy{proxy("k8s2-tp-zzzzzzzz-shop-old-1q2w3e4r")}), cause.Proven, "k8s2-tp-zzzzzzzz-shop-old-1q2w3e4r"},
		"a Gateway's, which is no leak": {facts.Found([]*computepb.TargetHttpProxy{proxy("gkegw1-a-b-c-d")}), 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := refused("Error: googleapi: Error 400: The url_map resource '"+frontMap+"' is already being used by 'projects/p/global/targetHttpProxies/legacy', resourceInUseByAnotherResource", "GarbageCollection")
			c.Facts.TargetHTTPProxies, c.Facts.TargetHTTPSProxies = tt.proxies, facts.Found([]*computepb.TargetHttpsProxy(nil))
			out := checkLeak(c.Prepared())
			if got := confidenceOf(out); got != tt.want || tt.want > 0 && out.Findings[0].Subject.Name != tt.subject || (tt.want == 0) != (out.RuledOut != "") {
				t.Errorf("%+v", out)
			}
		})
	}
}

// TestAnIngressWhoseHolderLetGoIsWaitedFor: the event is old news, the next try of the
// controller deletes the rest.
func TestAnIngressWhoseHolderLetGoIsWaitedFor(t *testing.T) {
	t.Parallel()
	c := refused("Error: googleapi: Error 400: The url_map resource '"+frontMap+"' is already being used by 'projects/p/global/targetHttpProxies/legacy', resourceInUseByAnotherResource", "GarbageCollection")
	c.Facts.TargetHTTPProxies, c.Facts.TargetHTTPSProxies = facts.Found([]*computepb.TargetHttpProxy(nil)), facts.Found([]*computepb.TargetHttpsProxy(nil))
	ing, _ := c.Ingress()
	ing.DeletionTimestamp = &metav1.Time{Time: testNow.Add(-time.Hour)}
	if out := checkLeak(c.Prepared()); out.Pending == "" || len(out.Findings) > 0 {
		t.Errorf("%+v", out)
	}
}

func TestTheGatewayAPIBeingSwitchedOn(t *testing.T) {
	t.Parallel()
	g := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "gw"}}
	g.Spec.GatewayClassName = "gke-l7-gxlb"
	s := &facts.Snapshot{Now: testNow, ClusterName: testCluster, Project: "p"}
	s.Cluster, s.Gateways = facts.Found(&container.Cluster{}), facts.Found([]*gatewayv1.Gateway{g})
	for name, tt := range map[string]struct {
		ago     time.Duration
		value   string
		pending bool
	}{
		"a moment ago":           {time.Minute, `"CHANNEL_STANDARD"`, true},
		"long ago":               {time.Hour, `"CHANNEL_STANDARD"`, false},
		"off, a moment ago":      {time.Minute, `"CHANNEL_DISABLED"`, false},
		"nobody asked for it":    {time.Minute, "", false},
		"the preview's channel ": {time.Minute, `"CHANNEL_EXPERIMENTAL"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := &signal.Change{By: "dana@acme.example", Verb: "UpdateCluster", Fields: map[string]string{channelField: tt.value}}
			if tt.value == "" {
				change.Fields = nil
			}
			c := cause.Case{
				Facts: s, Target: facts.Ref{Cluster: testCluster, Kind: facts.KindGateway, Namespace: "shop", Name: "gw"},
				History: []signal.Signal{{ID: "1", Kind: signal.ClusterChanged, At: testNow.Add(-tt.ago), Target: facts.ClusterRef(testCluster), Change: change}},
			}
			out := checkGatewayAPI(c.Prepared())
			if (out.Pending != "") != tt.pending || (len(out.Findings) == 0) != tt.pending {
				t.Errorf("%+v", out)
			}
		})
	}
}
