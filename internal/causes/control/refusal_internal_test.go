package control

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	const sync = "Error syncing to GCP: error running backend syncing routine: "
	for name, tt := range map[string]struct {
		message string
		want    []refusal
	}{
		"a permission of Compute": {
			sync + "googleapi: Error 403: Required 'compute.backendServices.create' permission for 'projects/p/global/backendServices/k8s1-a', forbidden",
			[]refusal{{kind: permissionDenied, permission: "compute.backendServices.create", object: "projects/p/global/backendServices/k8s1-a"}},
		},
		"a permission as IAM says it": {
			"googleapi: Error 403: Permission 'compute.networkEndpointGroups.create' denied on resource '//compute.googleapis.com/projects/p/zones/z/networkEndpointGroups/n' (or it may not exist), forbidden",
			[]refusal{{kind: permissionDenied, permission: "compute.networkEndpointGroups.create", object: "projects/p/zones/z/networkEndpointGroups/n"}},
		},
		"a permission that is called quota": {
			sync + "error checking quota: googleapi: Error 403: Required 'compute.projects.get' permission for 'projects/p', forbidden",
			[]refusal{{kind: permissionDenied, permission: "compute.projects.get", object: "projects/p"}},
		},
		"the quota's project may not be used": {
			"googleapi: Error 403: Caller does not have required permission to use project p. Grant the caller a custom role with the serviceusage.services.use permission to check its quota, forbidden",
			[]refusal{{kind: permissionDenied, permission: "serviceusage.services.use"}},
		},
		"a quota": {
			sync + "googleapi: Error 403: Quota 'BACKEND_SERVICES' exceeded. Limit: 3.0 globally., quotaExceeded",
			[]refusal{{kind: quotaExceeded, metric: "BACKEND_SERVICES"}},
		},
		"a quota of a region": {
			"Failed to sync NEG \"n\" (will retry): googleapi: Error 403: Quota 'NETWORK_ENDPOINT_GROUPS' exceeded.  Limit: 100.0 in region europe-west1., quotaExceeded",
			[]refusal{{kind: quotaExceeded, metric: "NETWORK_ENDPOINT_GROUPS", region: "europe-west1"}},
		},
		"a rate that is called quota": {
			"googleapi: Error 403: Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'compute.googleapis.com' for consumer 'project_number:1'., rateLimitExceeded",
			[]refusal{{kind: rateLimited}},
		},
		"429": {"googleapi: Error 429: Too many requests, backendError", []refusal{{kind: rateLimited}}},
		"a constraint, with a race's code": {
			sync + "googleapi: Error 412: Constraint constraints/compute.restrictLoadBalancerCreationForTypes violated for projects/p. Forwarding Rule projects/p/global/forwardingRules/f of type EXTERNAL_HTTP_HTTPS is not allowed., conditionNotMet",
			[]refusal{{kind: orgPolicyDenied, constraint: "constraints/compute.restrictLoadBalancerCreationForTypes"}},
		},
		"a race": {"googleapi: Error 412: Invalid fingerprint., conditionNotMet", nil},
		"an API": {
			"googleapi: Error 403: Compute Engine API has not been used in project 417203956811 before or it is disabled.\nDetails:\n[\n  {\n    \"@type\": \"type.googleapis.com/google.rpc.ErrorInfo\",\n    \"metadata\": {\n      \"consumer\": \"projects/417203956811\",\n      \"service\": \"compute.googleapis.com\"\n    },\n    \"reason\": \"SERVICE_DISABLED\"\n  }\n]\n, accessNotConfigured",
			[]refusal{{kind: apiDisabled, service: "compute.googleapis.com", consumer: "projects/417203956811"}},
		},
		"something in use": {
			"googleapi: Error 400: The network_endpoint_group resource 'projects/p/zones/z/networkEndpointGroups/n' is already being used by 'projects/p/global/backendServices/other', resourceInUseByAnotherResource",
			[]refusal{{kind: inUse, object: "projects/p/zones/z/networkEndpointGroups/n", holder: "projects/p/global/backendServices/other"}},
		},
		"two at once": {
			"Translation failed: googleapi: Error 403: Quota 'HEALTH_CHECKS' exceeded. Limit: 5.0 globally., quotaExceeded; googleapi: Error 403: Required 'compute.urlMaps.create' permission for 'projects/p/global/urlMaps/u', forbidden",
			[]refusal{{kind: quotaExceeded, metric: "HEALTH_CHECKS"}, {kind: permissionDenied, permission: "compute.urlMaps.create", object: "projects/p/global/urlMaps/u"}},
		},
		"nothing of Google's": {`Translation failed: invalid ingress spec: could not find service "shop/web"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := refusalsIn(tt.message)
			for i := range got {
				got[i].text = ""
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(refusal{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
