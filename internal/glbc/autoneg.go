package glbc

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/container/v1"
	corev1 "k8s.io/api/core/v1"
)

// GKE's control plane adds the annotation cloud.google.com/neg to a Service when
// it is created, on clusters that meet every condition of Google's page on
// container-native load balancing (cause-catalogue.md,
// ingress/service-type-needs-neg). It never touches an existing Service.
const autoNEGSince = "1.17.6-gke.7"

// autoNEGReleased: Kubernetes 1.17.6 came out on this day, so a Service older than
// it can't have been created on a version that adds the annotation.
var autoNEGReleased = time.Date(2020, 5, 20, 0, 0, 0, 0, time.UTC)

// An Upgrade is a change of a cluster's control-plane version.
type Upgrade struct {
	To string
	At time.Time
}

// An AutoNEG is why GKE didn't add the NEG annotation to a Service by itself.
type AutoNEG struct {
	// Unmet are the conditions that aren't met, for people. Empty: GKE did add it, and
	// it was removed or replaced later.
	Unmet []string
	// Unsure is a condition that the facts don't decide; empty when they do.
	Unsure string
}

// AutoNEGOf checks the conditions. project is the cluster's own; upgrades are those
// that the log tells of, newest first.
func AutoNEGOf(cluster *container.Cluster, project string, svc *corev1.Service, upgrades []Upgrade) AutoNEG {
	var a AutoNEG
	if !VPCNative(cluster) {
		a.Unmet = append(a.Unmet, "the cluster isn't VPC-native (ipAllocationPolicy.useIpAliases is false)")
	}
	switch v := cluster.CurrentMasterVersion; {
	case v == "":
		a.Unsure = "the cluster's version isn't known"
	case !AtLeast(v, autoNEGSince):
		a.Unmet = append(a.Unmet, fmt.Sprintf("the cluster is older than %s (control plane %s)", autoNEGSince, v))
	default:
		a.checkAge(cluster, svc, upgrades)
	}
	if host := hostProject(cluster); host != "" && host != project {
		a.Unmet = append(a.Unmet, "the cluster is on a shared VPC (network of project "+host+")")
	}
	if cluster.NetworkPolicy != nil && cluster.NetworkPolicy.Enabled {
		a.Unmet = append(a.Unmet, "network policy enforcement is on (networkPolicy.enabled)")
	}
	return a
}

// checkAge compares the Service's birth with the upgrade to a version that adds
// the annotation. A cluster born on such a version has no upgrade to be older than.
func (a *AutoNEG) checkAge(cluster *container.Cluster, svc *corev1.Service, upgrades []Upgrade) {
	initial := cluster.InitialClusterVersion
	if initial == "" || AtLeast(initial, autoNEGSince) || svc.CreationTimestamp.IsZero() {
		return
	}
	created := svc.CreationTimestamp.Time
	var before Upgrade
	for _, u := range upgrades {
		switch {
		case !AtLeast(u.To, autoNEGSince):
		case !created.Before(u.At):
			return
		case !AtLeast(u.To, "1.19"):
			// GKE upgrades by one minor version, so this one may have come from a version
			// before; a later one certainly didn't.
			before = u
		}
	}
	if before.To != "" {
		a.Unmet = append(a.Unmet, fmt.Sprintf("the Service (%s) is older than the upgrade to %s (%s)", day(created), before.To, day(before.At)))
		return
	}
	if created.Before(autoNEGReleased) {
		a.Unmet = append(a.Unmet, fmt.Sprintf("the Service (%s) is older than the upgrade: the cluster began on %s, and %s came out later", day(created), initial, autoNEGSince))
		return
	}
	a.Unsure = fmt.Sprintf("the Service may be older than the upgrade: the cluster began on %s, and the log no longer tells when it was upgraded", initial)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// VPCNative reports that pods have addresses of the VPC, which NEGs need.
func VPCNative(cluster *container.Cluster) bool {
	return cluster.IpAllocationPolicy != nil && cluster.IpAllocationPolicy.UseIpAliases
}

// hostProject is the project of the cluster's network; empty when not told.
func hostProject(cluster *container.Cluster) string {
	if cluster.NetworkConfig == nil {
		return ""
	}
	p := strings.Split(cluster.NetworkConfig.Network, "/")
	if len(p) < 2 || p[0] != "projects" {
		return ""
	}
	return p[1]
}

var gkeVersion = regexp.MustCompile(`^(\d+)\.(\d+)(?:\.(\d+))?(?:-gke\.(\d+))?`)

// AtLeast compares two GKE versions (1.17.6-gke.7); one that can't be read counts
// as recent, since only old ones change a verdict.
func AtLeast(version, least string) bool {
	v, l := gkeVersion.FindStringSubmatch(version), gkeVersion.FindStringSubmatch(least)
	if v == nil || l == nil {
		return true
	}
	for i := 1; i < len(v); i++ {
		a, _ := strconv.Atoi(v[i])
		b, _ := strconv.Atoi(l[i])
		if a != b {
			return a > b
		}
	}
	return true
}
