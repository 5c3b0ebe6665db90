package engine_test

import (
	"encoding/json"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

const (
	webCluster = "projects/acme-prod/locations/us-central1/clusters/web"
	computeURL = "https://www.googleapis.com/compute/v1/projects/acme-prod/"
	negURL     = computeURL + "zones/us-central1-a/networkEndpointGroups/"
)

var began = time.Date(2026, 11, 20, 14, 1, 0, 0, time.UTC)

// halfBroken is an Ingress with two Services: the endpoints of web are UNHEALTHY
// since began, those of api are HEALTHY.
func halfBroken() *facts.Snapshot {
	s := &facts.Snapshot{Now: began.Add(10 * time.Minute), ClusterName: webCluster, Project: "acme-prod"}
	s.NetworkProject, s.NetworkName = "acme-prod", "prod"
	s.Cluster = facts.Found(&container.Cluster{Name: "web"})
	s.History = facts.Found([]json.RawMessage{})
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "web", CreationTimestamp: metav1.NewTime(began.Add(-240 * time.Hour)),
		Annotations: map[string]string{"kubernetes.io/ingress.class": "gce"},
	}}
	ing.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "198.51.100.20"}}
	s.Health = map[facts.BackendGroup]facts.Value[[]*computepb.HealthStatus]{}
	var services []*corev1.Service
	var backends []*computepb.BackendService
	for name, state := range map[string]string{"web": "UNHEALTHY", "api": "HEALTHY"} {
		bs := "k8s1-1a2b3c4d-shop-" + name + "-80-5f6e7d8c"
		ing.Spec.Rules = append(ing.Spec.Rules, networkingv1.IngressRule{Host: name + ".acme.example", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
			Paths: []networkingv1.HTTPIngressPath{{Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: name, Port: networkingv1.ServiceBackendPort{Number: 80}}}}},
		}}})
		services = append(services, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Annotations: map[string]string{"cloud.google.com/neg": `{"ingress":true}`}},
			Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: 80}}},
		})
		backends = append(backends, &computepb.BackendService{
			Name: &bs, SelfLink: new(computeURL + "global/backendServices/" + bs), HealthChecks: []string{computeURL + "global/healthChecks/" + bs},
			Description: new(`{"kubernetes.io/service-name":"shop/` + name + `","kubernetes.io/service-port":"&ServiceBackendPort{Name:,Number:80,}"}`),
			Backends:    []*computepb.Backend{{Group: new(negURL + bs)}},
		})
		s.Health[facts.BackendGroup{BackendService: facts.RelativePath(computeURL + "global/backendServices/" + bs), Group: facts.RelativePath(negURL + bs)}] = facts.Found([]*computepb.HealthStatus{
			{HealthState: new(state), IpAddress: new("10.8.0.7"), Port: new(int32(8080))},
		})
	}
	s.Ingresses, s.Services, s.Pods = facts.Found([]*networkingv1.Ingress{ing}), facts.Found(services), facts.Found([]*corev1.Pod{})
	s.BackendServices = facts.Found(backends)
	s.Events = facts.Found([]*corev1.Event{})
	return s
}

var webIngress = facts.Ref{Cluster: webCluster, Kind: facts.KindIngress, Namespace: "shop", Name: "web"}

// transition is the health check's entry that the failure began with.
func transition() signal.Signal {
	return signal.Signal{
		ID: "h1", Kind: signal.HealthChanged, At: began,
		Target: facts.Ref{Project: "acme-prod", Scope: "zones/us-central1-a", Kind: facts.KindNEG, Name: "k8s1-1a2b3c4d-shop-web-80-5f6e7d8c"},
		Health: &signal.Health{State: "UNHEALTHY", Previous: "HEALTHY", IP: "10.8.0.7", Port: 8080},
	}
}

// patched is a patch of a Service of the namespace shop.
func patched(service, body string, ago time.Duration) signal.Signal {
	return signal.Signal{
		ID: service + ago.String(), Kind: signal.ObjectChanged, At: began.Add(-ago), Target: facts.Ref{Cluster: webCluster, Kind: facts.KindService, Namespace: "shop", Name: service},
		Change: &signal.Change{By: "dana@acme.example", Caller: "kubectl/v1.33.2", Method: "io.k8s.core.v1.services.patch", Verb: "patch", Request: []byte(body), First: true, Last: true},
	}
}

func TestSuspectsAreOnThePathOfTheBackendThatFails(t *testing.T) {
	t.Parallel()
	const port, label = `{"spec":{"ports":[{"port":80,"targetPort":9090}]}}`, `{"metadata":{"labels":{"a":"b"}}}`
	history := []signal.Signal{
		transition(), patched("web", port, 3*time.Minute), patched("api", port, 2*time.Minute), patched("web", label, time.Minute), patched("web", port, -time.Minute),
	}
	d := engine.Diagnose(nil, halfBroken(), facts.Target{Ref: webIngress, Sure: true}, nil, history)[0]
	if d.Verdict != engine.Unexplained || !d.HistoryRead {
		t.Fatalf("verdict %s (%s), history read %v", d.Verdict, d.Reason, d.HistoryRead)
	}
	if len(d.Suspects) != 1 {
		t.Fatalf("%d suspects, want one: %+v", len(d.Suspects), d.Suspects)
	}
	s := d.Suspects[0]
	if s.Object.Name != "web" || s.Lead != 3*time.Minute || !s.Dated || s.Caller != signal.Kubectl || len(s.Fields) != 1 || s.Fields[0].Path != "spec.ports[80].targetPort" {
		t.Errorf("the suspect is %+v", s)
	}
	if rest, ok := d.Leftover(); !ok || len(rest.Suspects) != 1 {
		t.Errorf("what stays open has %d suspects", len(rest.Suspects))
	}
}

func TestWithoutAReadableOrCompleteLogNothingIsSaidOfIt(t *testing.T) {
	t.Parallel()
	unread, full := halfBroken(), halfBroken()
	unread.History = facts.Unknown[[]json.RawMessage](&facts.Error{Needs: string(facts.Logs), Status: "403 PERMISSION_DENIED"})
	full.History = facts.Found(make([]json.RawMessage, 1000))
	for name, s := range map[string]*facts.Snapshot{"unread": unread, "full": full} {
		d := engine.Diagnose(nil, s, facts.Target{Ref: webIngress, Sure: true}, []signal.Signal{transition()}, nil)[0]
		if d.HistoryRead || len(d.Suspects) != 0 || len(d.Open) == 0 {
			t.Errorf("%s: history read %v, %d suspects, %d open", name, d.HistoryRead, len(d.Suspects), len(d.Open))
		}
	}
}

func TestARootCauseWithoutAChangeHasTheSuspectsOfItsSubject(t *testing.T) {
	t.Parallel()
	web := facts.Ref{Cluster: webCluster, Kind: facts.KindService, Namespace: "shop", Name: "web"}
	for name, tc := range map[string]struct {
		subject facts.Ref
		change  *cause.Change
		want    int
	}{
		"the Service":      {web, nil, 1},
		"another object":   {webIngress, nil, 0},
		"its change known": {web, &cause.Change{By: "kim@acme.example"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cause.Cause{ID: "health/x", Explains: []cause.ID{cause.BackendUnhealthy}, Check: func(cause.Case) cause.Outcome {
				return cause.Outcome{Findings: []cause.Finding{{Subject: tc.subject, Confidence: cause.Proven, Severity: cause.Outage, Change: tc.change, On: []facts.Ref{web}}}}
			}}
			history := []signal.Signal{transition(), patched("web", `{"spec":{"selector":{"app":"x"}}}`, 3*time.Minute)}
			d := engine.Diagnose([]cause.Cause{c}, halfBroken(), facts.Target{Ref: webIngress, Sure: true}, nil, history)[0]
			if len(d.Roots) != 1 || len(d.Roots[0].Suspects) != tc.want || len(d.Suspects) != 0 {
				t.Errorf("verdict %s, roots %+v, suspects %+v", d.Verdict, d.Roots, d.Suspects)
			}
		})
	}
}
