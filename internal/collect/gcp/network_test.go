package gcp_test

import (
	"net/http"
	"testing"

	"plumbline/internal/facts"
)

func TestTheNetworkIsReadInTheProjectThatHasIt(t *testing.T) {
	t.Parallel()
	r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/compute/v1/projects/shop-net/global/networks/prod":
			answer(w, `{"name":"prod","networkFirewallPolicyEnforcementOrder":"BEFORE_CLASSIC_FIREWALL"}`)
		case "/compute/v1/projects/shop-net/global/networks/prod/getEffectiveFirewalls":
			answer(w, `{"firewalls":[{"name":"k8s-fw"}],"firewallPolicys":[{"type":"HIERARCHY","priority":1000,"rules":[{"action":"goto_next","priority":2147483647}]}]}`)
		case "/compute/v1/projects/shop-net/regions/us-east1/firewallPolicies/getEffectiveFirewalls":
			if got := req.URL.Query().Get("network"); got != "https://compute.googleapis.com/compute/v1/projects/shop-net/global/networks/prod" {
				t.Errorf("network = %q", got)
			}
			answer(w, `{"firewallPolicys":[{"type":"SYSTEM_REGIONAL","name":"system"}]}`)
		default:
			t.Errorf("asked %s", req.URL)
		}
	})
	network, ok := r.Network(t.Context(), "shop-net", "prod").Get()
	if !ok || network.GetNetworkFirewallPolicyEnforcementOrder() != "BEFORE_CLASSIC_FIREWALL" {
		t.Errorf("network = %v, %t", network, ok)
	}
	all, ok := r.NetworkFirewall(t.Context(), "shop-net", "prod").Get()
	if !ok || all.GetFirewalls()[0].GetName() != "k8s-fw" || all.GetFirewallPolicys()[0].GetRules()[0].GetAction() != "goto_next" {
		t.Errorf("effective firewalls = %v, %t", all, ok)
	}
	regional, ok := r.RegionFirewall(t.Context(), "shop-net", "us-east1", "prod").Get()
	if !ok || regional.GetFirewallPolicys()[0].GetType() != "SYSTEM_REGIONAL" {
		t.Errorf("regional firewalls = %v, %t", regional, ok)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/compute/v1/projects/shop-prod":
			answer(w, `{"name":"shop-prod","quotas":[{"metric":"BACKEND_SERVICES","limit":50,"usage":50}]}`)
		case "/compute/v1/projects/shop-prod/regions/us-east1":
			answer(w, `{"name":"us-east1","quotas":[{"metric":"IN_USE_ADDRESSES","limit":8,"usage":7}]}`)
		case "/compute/v1/projects/shop-prod/regions/us-west1":
			answer(w, `{"name":"us-west1","quotas":[],"quotaStatusWarning":{"code":"QUOTA_INFO_UNAVAILABLE","message":"later"}}`)
		default:
			t.Errorf("asked %s", req.URL)
		}
	})
	global, ok := r.ProjectQuotas(t.Context(), project).Get()
	if !ok || len(global) != 1 || global[0].GetMetric() != "BACKEND_SERVICES" || global[0].GetUsage() != 50 {
		t.Errorf("project quotas = %v, %t", global, ok)
	}
	regional, ok := r.RegionQuotas(t.Context(), project, "us-east1").Get()
	if !ok || len(regional) != 1 || regional[0].GetLimit() != 8 {
		t.Errorf("region quotas = %v, %t", regional, ok)
	}
	wantGap(t, r.RegionQuotas(t.Context(), project, "us-west1").Err(), facts.RegionQuotas, "an incomplete list: QUOTA_INFO_UNAVAILABLE")
}
