package fakecloud

import (
	"slices"
	"strings"
	"testing"
)

func TestFilterFinds(t *testing.T) {
	entries := readLogs(shopLogs())
	const all = "update-first ingress-create probe request quiet elsewhere"
	for filter, want := range map[string]string{
		"":                          all,
		"  ":                        all,
		"-- nothing but a remark\n": all,
		`severity=NOTICE`:           "update-first ingress-create",
		`severity>=WARNING`:         "request",
		`severity>="info" -- and above` + "\n" + `AND severity!=notice`: "probe request",
		`severity=DEFAULT`: "quiet elsewhere",
		`severity>200`:     "update-first ingress-create request",
		`log_id("cloudaudit.googleapis.com/activity")`:                           "update-first ingress-create",
		`logName="projects/shop-prod/logs/cloudaudit.googleapis.com%2Factivity"`: "update-first ingress-create",
		`logName="projects/shop-prod/logs/cloudaudit.googleapis.com/activity"`:   "",
		`resource.type=k8s_cluster`:                                              "ingress-create",
		`resource.type=("k8s_cluster" OR "gke_cluster")`:                         "update-first ingress-create",
		`resource.type=(NOT "k8s_cluster")`:                                      "update-first probe request quiet elsewhere",
		`resource.type="GKE_Cluster"`:                                            "update-first",
		`resource.labels.cluster_name="main"`:                                    "update-first ingress-create",
		`resource.labels.zone:"northeast1"`:                                      "probe",
		`labels."authorization.k8s.io/decision"="allow"`:                         "ingress-create",
		`labels:*`: "ingress-create",
		`protoPayload.methodName=~"ClusterManager\.(SetAddonsConfig|UpdateCluster)$"`:     "update-first",
		`protoPayload.methodName=~"clustermanager"`:                                       "",
		`protoPayload.methodName!~"ClusterManager"`:                                       "ingress-create",
		`protoPayload.authorizationInfo.permission="container.clusters.update"`:           "update-first",
		`protoPayload.authenticationInfo.principalEmail:*`:                                "update-first",
		`protoPayload.request.update.desiredAddonsConfig.httpLoadBalancing.disabled=true`: "update-first",
		`protoPayload.someFieldOfTomorrow:*`:                                              "",
		`operation.first=true`:                                                            "update-first",
		`operation.last=false severity=NOTICE`:                                            "update-first ingress-create",
		`operation.first:*`:                                                               "update-first",
		`jsonPayload.healthCheckProbeResult.targetPort=8080`:                              "probe",
		`jsonPayload.healthCheckProbeResult.targetPort<9000`:                              "probe",
		`jsonPayload.healthCheckProbeResult.probeResultText:"code: 307"`:                  "probe",
		`jsonPayload.healthCheckProbeResult.healthState!="HEALTHY"`:                       "probe",
		`NOT jsonPayload.healthCheckProbeResult.healthState="UNHEALTHY"`:                  "update-first ingress-create request quiet elsewhere",
		`-resource.type="k8s_cluster" -resource.type="k8s_container"`:                     "update-first probe request",
		`httpRequest.status>=500`:                                                         "request",
		`httpRequest.responseSize>99`:                                                     "request",
		`httpRequest.latency>"100ms"`:                                                     "request",
		`textPayload:start`:                                                               "quiet",
		`textPayload!=""`:                                                                 "quiet elsewhere",
		`timestamp>"2021-09-27T23:46:00Z"`:                                                "quiet elsewhere",
		`timestamp>="2021-09-27T23:46:00+00:00" timestamp<"2021-09-28"`:                   "request quiet elsewhere",
		`timestamp="2021-09-27T23:40:01.092341Z"`:                                         "update-first",
		`timestamp<"2021-09-27T23:40:01.092341001Z"`:                                      "update-first",
		// OR binds tighter than AND.
		`insertId="probe" OR insertId="quiet" AND severity=INFO`:          "probe",
		`insertId="probe" OR insertId="quiet" severity=INFO`:              "probe",
		`insertId="probe" OR (insertId="quiet" AND severity=INFO)`:        "probe",
		`severity=NOTICE AND insertId="probe" OR insertId="update-first"`: "update-first",
		`NOT (insertId="probe" OR insertId="quiet")`:                      "update-first ingress-create request elsewhere",
		`NOT insertId="probe" OR insertId="probe"`:                        all,
	} {
		matches, err := compileFilter(filter)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		var got []string
		for _, e := range entries {
			if matches(e.fields) {
				got = append(got, e.proto.GetInsertId())
			}
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s\nfinds %v\nwant  %s", filter, got, want)
		}
	}
}

func TestFilterErrorsNameThePosition(t *testing.T) {
	for filter, want := range map[string]string{
		`redirect`:                         "position 1",
		`severity=ERROR redirect`:          "position 16",
		`"redirect"`:                       "position 1",
		`severity=ERROR and severity=INFO`: "position 16",
		`severity=`:                        "position 10",
		`severity=LOUD`:                    `"LOUD" is not a value of severity at position 10`,
		`severity=ERROR AND`:               "position 16",
		`severity=ERROR OR `:               "position 19",
		`(severity=ERROR`:                  "a closing parenthesis is missing at position 16",
		`severity=ERROR)`:                  `unexpected ")" at position 15`,
		`severity=("ERROR" OR "INFO"`:      "position 28",
		`thud="x"`:                         `no field "thud" in a log entry at position 1`,
		`operation.thud="x"`:               `no field "operation.thud"`,
		`textPayload.thud="x"`:             `"textPayload" has no fields`,
		`log_name="x"`:                     `no field "log_name"`,
		`resource.labels.a.b="x"`:          "map of text",
		`resource="x"`:                     "only :* compares it",
		`jsonPayload:"x"`:                  "only :* compares it",
		`timestamp>"yesterday"`:            `"yesterday" is not a value of timestamp at position 11`,
		`timestamp=~"2021"`:                "compares text only",
		`textPayload=~started`:             "must be quoted",
		`textPayload=~"("`:                 "missing closing )",
		`textPayload="x`:                   "not closed at position 13",
		`httpRequest.status>=many`:         `"many" is not a value`,
		`operation.first=maybe`:            `"maybe" is not a value`,
		`sample(insertId, 0.1)`:            "function sample is not served at position 1",
		`log_id(requests)`:                 "needs a quoted log ID at position 8",
		`resource.type="k8s_cluster" resource..type="x"`: "position 38",
		`résumé="x" OR thud="y"`:                         "position 1",
		`insertId="é" AND thud="y"`:                      "position 18",
	} {
		_, err := compileFilter(filter)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", filter, err, want)
		}
	}
}
