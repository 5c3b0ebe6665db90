package signal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/signal"
)

func TestTranslateEvent(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "event-translate"), trigger)
	want := &signal.Event{
		Component: "loadbalancer-controller", Reason: "Translate", Type: "Warning", UID: "7d0f…",
		Message: `Translation failed: invalid ingress spec: could not find service "shop/web"`,
	}
	if diff := cmp.Diff(want, s.Event); diff != "" {
		t.Errorf("Event (-want +got):\n%s", diff)
	}
	if s.Kind != signal.EventSeen || s.Target != clusterObject("Ingress", "shop", "storefront") {
		t.Errorf("%s of %+v", s.Kind, s.Target)
	}
}

func TestReadinessTimeoutEvent(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "event-neg-timeout"), trigger)
	if s.Target != clusterObject("Pod", "shop", "web-6d5f7c9b8-x2k4p") || s.Event.Type != "Normal" {
		t.Errorf("%s event of %+v", s.Event.Type, s.Target)
	}
}

func TestEventSorts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ component, kind, reason, typ, want string }{
		{"loadbalancer-controller", "Ingress", "Sync", "Warning", trigger},
		{"loadbalancer-controller", "Ingress", "Translate", "Warning", trigger},
		{"loadbalancer-controller", "Ingress", "GarbageCollection", "Warning", trigger},
		{"loadbalancer-controller", "Ingress", "XPN", "Normal", trigger},
		{"loadbalancer-controller", "Ingress", "IPChanged", "Normal", trigger},
		{"loadbalancer-controller", "Ingress", "Sync", "Normal", ignored},
		{"loadbalancer-controller", "Service", "SyncLoadBalancerFailed", "Warning", ignored},
		{"nginx-ingress-controller", "Ingress", "Rejected", "Warning", ignored},
		{"neg-controller", "Service", "SyncNetworkEndpointGroupFailed", "Warning", trigger},
		{"neg-controller", "Service", "AttachFailed", "Warning", trigger},
		{"neg-controller", "Service", "Attach", "Normal", ignored},
		{"neg-controller", "Service", "ExitDegradedMode", "Normal", ignored},
		{"neg-controller", "Pod", "LabelsExceededLimit", "Warning", ignored},
		{"neg-readiness-reflector", "Pod", "LoadBalancerNegTimeout", "Normal", trigger},
		{"neg-readiness-reflector", "Pod", "LoadBalancerNegNotReady", "Normal", ignored},
		{"neg-readiness-reflector", "Pod", "LoadBalancerNegReady", "Normal", ignored},
		{"neg-readiness-reflector", "Pod", "LoadBalancerNegWithoutHealthCheck", "Normal", ignored},
		{"managed-certificate-controller", "ManagedCertificate", "BackendError", "Warning", ignored},
		{"kubelet", "Pod", "Unhealthy", "Warning", ignored},
	} {
		t.Run(tc.component+" "+tc.reason+" "+tc.typ, func(t *testing.T) {
			t.Parallel()
			raw := entry(t, "event-translate", edit{"jsonPayload/source/component", `"` + tc.component + `"`},
				edit{"jsonPayload/involvedObject/kind", `"` + tc.kind + `"`}, edit{"jsonPayload/reason", `"` + tc.reason + `"`}, edit{"jsonPayload/type", `"` + tc.typ + `"`})
			s := wantOutcome(t, raw, tc.want)
			if tc.want == trigger && s.Target != clusterObject(tc.kind, "shop", "storefront") {
				t.Errorf("Target = %+v", s.Target)
			}
		})
	}
}

func TestEventOutcomes(t *testing.T) {
	t.Parallel()
	const involved = "jsonPayload/involvedObject"
	for name, tc := range map[string]struct {
		edits []edit
		want  string
	}{
		"the component in its newer place":        {[]edit{{"jsonPayload/source", ""}}, trigger},
		"nobody's event":                          {[]edit{{"jsonPayload/source", ""}, {"jsonPayload/reportingComponent", ""}}, ignored},
		"another resource":                        {[]edit{{"resource/type", `"gce_instance"`}}, ignored},
		"a node's event":                          {[]edit{{"resource/type", `"k8s_node"`}}, ignored},
		"no namespace":                            {[]edit{{involved + "/namespace", ""}}, unparsable},
		"no name":                                 {[]edit{{involved + "/name", ""}}, unparsable},
		"no kind":                                 {[]edit{{involved + "/kind", ""}}, ignored},
		"no cluster":                              {[]edit{{"resource/labels", ""}}, unparsable},
		"an involved object that is text":         {[]edit{{involved, `"Ingress/shop/storefront"`}}, unparsable},
		"a source that is text":                   {[]edit{{"jsonPayload/source", `"loadbalancer-controller"`}}, unparsable},
		"a message that is no text":               {[]edit{{"jsonPayload/message", `["x"]`}}, unparsable},
		"a payload that is text":                  {[]edit{{"jsonPayload", `"x"`}}, unparsable},
		"labels of the wrong type":                {[]edit{{"resource/labels", `7`}}, unparsable},
		"an application's log of the same name":   {[]edit{{"jsonPayload", ""}, {"textPayload", `"x"`}}, ignored},
		"a log of which the name only ends alike": {[]edit{{"logName", `"projects/acme-prod/logs/my%2Fevents"`}}, ignored},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOutcome(t, entry(t, "event-translate", tc.edits...), tc.want)
		})
	}
}
