package signal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

const method = "protoPayload/methodName"

func TestClusterChangeFirstEntry(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "update-cluster.first"), trigger)
	want := signal.Signal{
		ID:     "1k2m3n4e5abc",
		Kind:   signal.ClusterChanged,
		At:     time.Date(2026, 11, 20, 10, 15, 30, 92341000, time.UTC),
		Target: facts.ClusterRef(cluster),
		Change: &signal.Change{
			By:        "dana@acme.example",
			Caller:    "google-cloud-sdk gcloud/… command/gcloud.container.clusters.update …,gzip(gfe)",
			Method:    "google.container.v1.ClusterManager.UpdateCluster",
			Verb:      "UpdateCluster",
			Resource:  cluster,
			Operation: "operation-1763633730114-d3db4945-4c2f-4a53-9b1e-1d0c1b7a9f10",
			First:     true,
			Fields:    map[string]string{"addonsConfig.httpLoadBalancing.disabled": "true"},
		},
	}
	if diff := cmp.Diff(want, s, cmpopts.IgnoreFields(signal.Change{}, "Request", "Response")); diff != "" {
		t.Errorf("Signal (-want +got):\n%s", diff)
	}
	if len(s.Change.Request) == 0 || len(s.Change.Response) == 0 {
		t.Error("request or response is missing")
	}
}

func TestClusterChangeLastEntry(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "update-cluster.last"), trigger)
	c := s.Change
	if c.By != "" || c.Request != nil || c.Fields != nil || c.First || !c.Last || c.Operation == "" {
		t.Errorf("last entry: %+v; want Last, an operation, and neither By nor request", c)
	}
	if s.Target != facts.ClusterRef(cluster) {
		t.Errorf("Target = %v", s.Target)
	}
}

func TestClusterMethods(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"google.container.v1.ClusterManager.UpdateCluster":         trigger,
		"google.container.v1beta1.ClusterManager.UpdateCluster":    trigger,
		"google.container.v1.ClusterManager.SetAddonsConfig":       trigger,
		"google.container.v1.ClusterManager.CreateCluster":         trigger,
		"google.container.v1.ClusterManager.UpdateMaster":          trigger,
		"google.container.v1.ClusterManager.SetNetworkPolicy":      trigger,
		"google.container.v1.ClusterManager.DeleteCluster":         trigger,
		"google.container.v1.ClusterManager.SetLabels":             ignored,
		"google.container.v1.ClusterManager.CreateNodePool":        ignored,
		"google.container.v1.ClusterManager.UpdateClusterAndMore":  ignored,
		"google.container.v1.NotClusterManager.UpdateCluster":      ignored,
		"google.container.v1.ClusterManager.CompleteIPRotation":    ignored,
		"google.somethingelse.v1.ClusterManager.UpdateCluster":     ignored,
		"google.container.v1.ClusterManager.ListClusters":          ignored,
		"google.container.v1beta1.ClusterManager.SetNodePoolSize":  ignored,
		"google.container.v1beta1.ClusterManager.SetNetworkPolicy": trigger,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOutcome(t, entry(t, "update-cluster.first", edit{method, `"` + name + `"`}), want)
		})
	}
}

func TestClusterFields(t *testing.T) {
	t.Parallel()
	const balancing = "addonsConfig.httpLoadBalancing.disabled"
	for name, tc := range map[string]struct {
		request string
		want    map[string]string
	}{
		"UpdateCluster turns the add-on off":     {`{"update":{"desiredAddonsConfig":{"httpLoadBalancing":{"disabled":true}}}}`, map[string]string{balancing: "true"}},
		"SetAddonsConfig turns the add-on off":   {`{"addonsConfig":{"httpLoadBalancing":{"disabled":true}}}`, map[string]string{balancing: "true"}},
		"CreateCluster without the add-on":       {`{"cluster":{"addonsConfig":{"httpLoadBalancing":{"disabled":true}}}}`, map[string]string{balancing: "true"}},
		"an empty object is the add-on on":       {`{"update":{"desiredAddonsConfig":{"httpLoadBalancing":{}}}}`, map[string]string{balancing: "false"}},
		"false said aloud is the add-on on":      {`{"addonsConfig":{"httpLoadBalancing":{"disabled":false}}}`, map[string]string{balancing: "false"}},
		"no object says nothing":                 {`{"update":{"desiredAddonsConfig":{"dnsCacheConfig":{"enabled":true}}}}`, nil},
		"null says nothing":                      {`{"update":{"desiredAddonsConfig":{"httpLoadBalancing":null}}}`, nil},
		"the Gateway API's channel":              {`{"update":{"desiredGatewayApiConfig":{"channel":"CHANNEL_DISABLED"}}}`, map[string]string{"gatewayApiConfig.channel": `"CHANNEL_DISABLED"`}},
		"a version by UpdateCluster":             {`{"update":{"desiredMasterVersion":"1.33.4-gke.10"}}`, map[string]string{"masterVersion": `"1.33.4-gke.10"`}},
		"a version by UpdateMaster":              {`{"masterVersion":"1.33.4-gke.10"}`, map[string]string{"masterVersion": `"1.33.4-gke.10"`}},
		"network policy on":                      {`{"networkPolicy":{"enabled":true}}`, map[string]string{"networkPolicy.enabled": "true"}},
		"network policy off, false omitted":      {`{"networkPolicy":{}}`, map[string]string{"networkPolicy.enabled": "false"}},
		"network policy of a new cluster":        {`{"cluster":{"networkPolicy":{"provider":"CALICO","enabled":true}}}`, map[string]string{"networkPolicy.enabled": "true"}},
		"a setting that is none of our business": {`{"update":{"desiredNodeVersion":"1.33.4-gke.10"}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := wantOutcome(t, entry(t, "update-cluster.first", edit{"protoPayload/request", tc.request}), trigger)
			if diff := cmp.Diff(tc.want, s.Change.Fields); diff != "" {
				t.Errorf("Fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClusterIdentity(t *testing.T) {
	t.Parallel()
	noLabels := edit{"resource/labels", ""}
	for name, tc := range map[string]struct {
		edits []edit
		want  string
	}{
		"the labels win over the resource name": {[]edit{{"protoPayload/resourceName", `"projects/acme-prod/zones/us-central1-a/clusters/other"`}}, cluster},
		"without labels the resource name":      {[]edit{noLabels}, cluster},
		"a zonal resource name":                 {[]edit{noLabels, {"protoPayload/resourceName", `"projects/acme-prod/zones/us-central1-a/clusters/web"`}}, "projects/acme-prod/locations/us-central1-a/clusters/web"},
		"a label without text isn't one":        {[]edit{{"resource/labels/cluster_name", `""`}}, cluster},
		"a node pool's resource name":           {[]edit{noLabels, {"protoPayload/resourceName", `"` + cluster + `/nodePools/default-pool"`}}, cluster},
		"the request's name":                    {[]edit{noLabels, {"protoPayload/resourceName", ""}}, cluster},
		"old callers write projectId, zone, clusterId": {[]edit{
			noLabels,
			{"protoPayload/resourceName", ""},
			{"protoPayload/request", `{"projectId":"acme-prod","zone":"us-central1-a","clusterId":"web"}`},
		}, "projects/acme-prod/locations/us-central1-a/clusters/web"},
		"a part of a split entry without service": {[]edit{{"protoPayload/serviceName", ""}}, cluster},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := wantOutcome(t, entry(t, "update-cluster.first", tc.edits...), trigger)
			if s.Target != facts.ClusterRef(tc.want) {
				t.Errorf("Target = %+v, want the cluster %s", s.Target, tc.want)
			}
		})
	}
}

func TestClusterAuditOutcomes(t *testing.T) {
	t.Parallel()
	split := edit{"split", `{"uid":"7f3a","index":1,"totalSplits":2}`}
	for name, tc := range map[string]struct {
		base  string
		edits []edit
		want  string
	}{
		"a failed call":                      {"update-cluster.first", []edit{{"protoPayload/status", `{"code":7,"message":"denied"}`}}, ignored},
		"a failed operation":                 {"update-cluster.last", []edit{{"protoPayload/status", `{"code":9}`}}, ignored},
		"status code 0":                      {"update-cluster.last", []edit{{"protoPayload/status", `{"code":0}`}}, trigger},
		"the data-access log":                {"update-cluster.first", []edit{{"logName", `"projects/acme-prod/logs/cloudaudit.googleapis.com%2Fdata_access"`}}, ignored},
		"a log name that isn't encoded":      {"update-cluster.first", []edit{{"logName", `"projects/acme-prod/logs/cloudaudit.googleapis.com/activity"`}}, trigger},
		"an organisation's log":              {"update-cluster.first", []edit{{"logName", `"organizations/12/logs/cloudaudit.googleapis.com%2Factivity"`}}, trigger},
		"a broken escape in the log name":    {"update-cluster.first", []edit{{"logName", `"projects/acme-prod/logs/cloudaudit%2"`}}, ignored},
		"another service":                    {"update-cluster.first", []edit{{"protoPayload/serviceName", `"iam.googleapis.com"`}}, ignored},
		"a node pool's entry":                {"update-cluster.first", []edit{{"resource/type", `"gke_nodepool"`}, {method, `"google.container.v1.ClusterManager.SetNodePoolSize"`}}, ignored},
		"no method":                          {"update-cluster.first", []edit{{method, ""}}, unparsable},
		"no payload":                         {"update-cluster.first", []edit{{"protoPayload", ""}}, unparsable},
		"a split entry's part, no payload":   {"update-cluster.first", []edit{{"protoPayload", ""}, split}, ignored},
		"a split entry's part with it all":   {"update-cluster.first", []edit{split}, trigger},
		"no cluster anywhere":                {"update-cluster.first", []edit{{"resource/labels", ""}, {"protoPayload/resourceName", ""}, {"protoPayload/request", ""}}, unparsable},
		"a cluster name that isn't a name":   {"update-cluster.first", []edit{{"resource/labels", ""}, {"protoPayload/request", ""}, {"protoPayload/resourceName", `"projects/acme-prod/locations/us-central1/clusters/.."`}}, unparsable},
		"labels of the wrong type":           {"update-cluster.first", []edit{{"resource/labels", `["web"]`}}, unparsable},
		"a request of the wrong type":        {"update-cluster.first", []edit{{"protoPayload/request", `"UpdateCluster"`}}, unparsable},
		"an add-on of the wrong type":        {"update-cluster.first", []edit{{"protoPayload/request/update/desiredAddonsConfig/httpLoadBalancing", `"disabled"`}}, unparsable},
		"disabled as text":                   {"update-cluster.first", []edit{{"protoPayload/request/update/desiredAddonsConfig/httpLoadBalancing/disabled", `"true"`}}, unparsable},
		"a version of the wrong type":        {"update-cluster.first", []edit{{"protoPayload/request/masterVersion", `133`}}, unparsable},
		"a network policy of the wrong type": {"update-cluster.first", []edit{{"protoPayload/request/networkPolicy", `true`}}, unparsable},
		"a channel of the wrong type":        {"update-cluster.first", []edit{{"protoPayload/request/update/desiredGatewayApiConfig", `{"channel":1}`}}, unparsable},
		"a cluster of the wrong type":        {"update-cluster.first", []edit{{"protoPayload/request/cluster", `"web"`}}, unparsable},
		"a status of the wrong type":         {"update-cluster.first", []edit{{"protoPayload/status", `"OK"`}}, unparsable},
		"a principal of the wrong type":      {"update-cluster.first", []edit{{"protoPayload/authenticationInfo", `"dana@acme.example"`}}, unparsable},
		"an operation of the wrong type":     {"update-cluster.first", []edit{{"operation", `"operation-1"`}}, unparsable},
		"first as text":                      {"update-cluster.first", []edit{{"operation/first", `"true"`}}, unparsable},
		"a method that is an object":         {"update-cluster.first", []edit{{method, `{}`}}, unparsable},
		"unknown fields everywhere":          {"update-cluster.first", []edit{{"novel", `{"a":[1]}`}, {"protoPayload/novel", `true`}, {"resource/labels/novel", `"x"`}}, trigger},
		"authenticationInfo that is null":    {"update-cluster.first", []edit{{"protoPayload/authenticationInfo", `null`}}, trigger},
		"no insertId":                        {"update-cluster.first", []edit{{"insertId", ""}}, unparsable},
		"no timestamp but receiveTimestamp":  {"update-cluster.first", []edit{{"timestamp", ""}}, trigger},
		"no time at all":                     {"update-cluster.first", []edit{{"timestamp", ""}, {"receiveTimestamp", ""}}, unparsable},
		"a timestamp that isn't one":         {"update-cluster.first", []edit{{"timestamp", `"yesterday"`}}, unparsable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOutcome(t, entry(t, tc.base, tc.edits...), tc.want)
		})
	}
}

func TestChangeWithoutOperationIsFirstAndLast(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "update-cluster.first", edit{"operation", ""}), trigger)
	if !s.Change.First || !s.Change.Last || s.Change.Operation != "" {
		t.Errorf("First %t, Last %t, Operation %q; want a change that is over at once", s.Change.First, s.Change.Last, s.Change.Operation)
	}
}

func TestPrincipals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		info, by   string
		controller bool
	}{
		{`{"principalEmail":"dana@acme.example"}`, "dana@acme.example", false},
		{`{"principalSubject":"user:dana@acme.example"}`, "dana@acme.example", false},
		{`{"principalSubject":"serviceAccount:ci@acme-prod.iam.gserviceaccount.com"}`, "ci@acme-prod.iam.gserviceaccount.com", false},
		{`{"principalSubject":"principal://iam.googleapis.com/locations/global/workforcePools/acme/subject/dana"}`, "principal://iam.googleapis.com/locations/global/workforcePools/acme/subject/dana", false},
		{`{}`, "", false},
		{`{"principalEmail":"service-123456789012@container-engine-robot.iam.gserviceaccount.com"}`, "service-123456789012@container-engine-robot.iam.gserviceaccount.com", true},
		{`{"principalEmail":"service-mesh@container-engine-robot.iam.gserviceaccount.com"}`, "service-mesh@container-engine-robot.iam.gserviceaccount.com", false},
		{`{"principalEmail":"service-123456789012@acme-prod.iam.gserviceaccount.com"}`, "service-123456789012@acme-prod.iam.gserviceaccount.com", false},
		{`{"principalEmail":"system:controller:glbc"}`, "system:controller:glbc", true},
		{`{"principalEmail":"system:gke-controller-manager"}`, "system:gke-controller-manager", true},
		{`{"principalEmail":"system:kube-controller-manager"}`, "system:kube-controller-manager", true},
		{`{"principalEmail":"system:node:gke-web-1"}`, "system:node:gke-web-1", true},
		{`{"principalEmail":"system:addon-manager"}`, "system:addon-manager", true},
		{`{"principalEmail":"system:serviceaccount:kube-system:deployment-controller"}`, "system:serviceaccount:kube-system:deployment-controller", true},
		{`{"principalEmail":"system:serviceaccount:argocd:argocd-application-controller"}`, "system:serviceaccount:argocd:argocd-application-controller", false},
		{`{"principalEmail":"system:anonymous"}`, "system:anonymous", false},
	} {
		t.Run(tc.info, func(t *testing.T) {
			t.Parallel()
			s := wantOutcome(t, entry(t, "update-cluster.first", edit{"protoPayload/authenticationInfo", tc.info}), trigger)
			if s.Change.By != tc.by || s.Change.Controller != tc.controller {
				t.Errorf("By %q, Controller %t; want %q, %t", s.Change.By, s.Change.Controller, tc.by, tc.controller)
			}
		})
	}
}
