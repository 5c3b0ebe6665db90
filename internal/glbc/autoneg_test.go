package glbc

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAutoNEGOf(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	native := &container.IPAllocationPolicy{UseIpAliases: true}
	for _, tt := range []struct {
		name     string
		cluster  container.Cluster
		created  string
		upgrades []Upgrade
		unmet    []string
		unsure   bool
	}{
		{name: "every condition met", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.33.4-gke.100", InitialClusterVersion: "1.30.1-gke.1"}, created: "2026-01-01"},
		{name: "exactly the version that began it", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.17.6-gke.7", InitialClusterVersion: "1.17.6-gke.7"}, created: "2020-08-01"},
		{name: "routes-based", cluster: container.Cluster{CurrentMasterVersion: "1.33.4-gke.100", InitialClusterVersion: "1.33.4-gke.100"}, created: "2026-01-01", unmet: []string{"VPC-native"}},
		{name: "one patch too old", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.17.6-gke.6"}, created: "2020-07-01", unmet: []string{"older than 1.17.6-gke.7"}},
		{name: "shared VPC", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.33.4-gke.100", NetworkConfig: &container.NetworkConfig{Network: "projects/host/global/networks/n"}}, created: "2026-01-01", unmet: []string{"shared VPC"}},
		{name: "its own VPC isn't shared", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.33.4-gke.100", NetworkConfig: &container.NetworkConfig{Network: "projects/shop-prod/global/networks/n"}}, created: "2026-01-01"},
		{name: "network policy on", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.33.4-gke.100", NetworkPolicy: &container.NetworkPolicy{Enabled: true}}, created: "2026-01-01", unmet: []string{"network policy"}},
		{name: "network policy off", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.33.4-gke.100", NetworkPolicy: &container.NetworkPolicy{}}, created: "2026-01-01"},
		{name: "older than the upgrade in the log", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.18.1-gke.1", InitialClusterVersion: "1.16.1-gke.1"}, created: "2021-01-01", upgrades: []Upgrade{{"1.18.1-gke.1", at("2021-02-01")}}, unmet: []string{"older than the upgrade"}},
		{name: "younger than the upgrade in the log", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.18.1-gke.1", InitialClusterVersion: "1.16.1-gke.1"}, created: "2021-03-01", upgrades: []Upgrade{{"1.18.1-gke.1", at("2021-02-01")}}},
		{name: "older than the last upgrade, younger than the one that counts", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.19.1-gke.1", InitialClusterVersion: "1.16.1-gke.1"}, created: "2021-03-01", upgrades: []Upgrade{{"1.19.1-gke.1", at("2021-04-01")}, {"1.18.1-gke.1", at("2021-02-01")}}},
		{name: "older than the version itself", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.33.4-gke.100", InitialClusterVersion: "1.14.1-gke.1"}, created: "2019-06-01", unmet: []string{"older than the upgrade"}},
		{name: "an old cluster whose upgrade nobody remembers", cluster: container.Cluster{IpAllocationPolicy: native, CurrentMasterVersion: "1.33.4-gke.100", InitialClusterVersion: "1.14.1-gke.1"}, created: "2024-06-01", unsure: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(at(tt.created))}}
			got := AutoNEGOf(&tt.cluster, "shop-prod", svc, tt.upgrades)
			if len(got.Unmet) != len(tt.unmet) {
				t.Fatalf("unmet %q, want %q", got.Unmet, tt.unmet)
			}
			for i, part := range tt.unmet {
				if !strings.Contains(got.Unmet[i], part) {
					t.Errorf("unmet %q doesn't say %q", got.Unmet[i], part)
				}
			}
			if (got.Unsure != "") != tt.unsure {
				t.Errorf("unsure %q, want it said: %v", got.Unsure, tt.unsure)
			}
		})
	}
}

func TestAtLeast(t *testing.T) {
	for _, tt := range []struct {
		version, least string
		want           bool
	}{
		{"1.17.6-gke.7", "1.17.6-gke.7", true},
		{"1.17.6-gke.6", "1.17.6-gke.7", false},
		{"1.17.6-gke.11", "1.17.6-gke.7", true},
		{"1.9.7-gke.11", "1.17.6-gke.7", false},
		{"1.17.5-gke.9", "1.17.6-gke.7", false},
		{"2.0.0", "1.17.6-gke.7", true},
		{"1.33", "1.17.6-gke.7", true},
		{"next", "1.17.6-gke.7", true},
	} {
		if got := AtLeast(tt.version, tt.least); got != tt.want {
			t.Errorf("AtLeast(%q, %q) = %v", tt.version, tt.least, got)
		}
	}
}
