package control

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/api/container/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

const addonField = signal.HTTPLoadBalancingDisabled

// With the add-on HTTP load balancing off, GKE runs no Ingress controller in the
// cluster. A new Ingress waits for ever without a single event; an old one keeps
// serving while its endpoints freeze (ingress-gce #605, #645; gcp-facts.md §2.1).
var httpLoadBalancingDisabled = cause.Cause{
	ID:    "control/http-load-balancing-disabled",
	Title: "HTTP load balancing is switched off in the cluster",
	Needs: []facts.Kind{facts.Cluster, facts.Clusters, facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.ThirdPartyObjects, facts.Events},
	Explains: []cause.ID{
		cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.PodsNotReadyInNEG, cause.BackendUnhealthy, "ingress/service-type-needs-neg",
		"endpoint/neg-stale", "endpoint/nodeport-changed", "control/gateway-api-disabled", "control/resource-leak",
	},
	Check: checkHTTPLoadBalancing,
}

func checkHTTPLoadBalancing(c cause.Case) cause.Outcome {
	if c.Target.Cluster == "" {
		return cause.Outcome{}
	}
	cluster, ok := c.Facts.Cluster.Get()
	if !ok {
		return cause.Outcome{Undecided: "whether the cluster's add-ons are on: it couldn't be read"}
	}
	if !disabled(cluster) {
		return cause.Outcome{RuledOut: "the add-on HTTP load balancing is on (container.clusters.get)", FixedBy: switched(c, "false")}
	}
	d := dependentsOf(c.Facts)
	if d.none() || c.Target.Kind != facts.KindCluster && !slices.Contains(d.refs(), c.Target) {
		return cause.Outcome{}
	}
	if beingEnabled(c) {
		return cause.Outcome{Pending: "the add-on HTTP load balancing is being switched on"}
	}
	change := switched(c, "true")
	other, certain := substitute(c, change)
	switch {
	case other != "" && certain:
		return cause.Outcome{RuledOut: "the add-on is off, but another GCE Ingress controller works here: " + other}
	case other != "":
		return cause.Outcome{Undecided: "the add-on is off, and whether another GCE Ingress controller works here isn't known: " + other}
	case !c.Facts.Events.Known() && !d.neglected(c.Facts):
		return cause.Outcome{Undecided: "the add-on is off, and whether another GCE Ingress controller works here isn't known: events couldn't be read"}
	}
	return cause.Outcome{Findings: []cause.Finding{finding(c, d, change)}}
}

// disabled: an absent object, or an empty one, means enabled.
func disabled(cluster *container.Cluster) bool {
	return cluster.AddonsConfig != nil && cluster.AddonsConfig.HttpLoadBalancing != nil && cluster.AddonsConfig.HttpLoadBalancing.Disabled
}

func finding(c cause.Case, d dependents, change *cause.Change) cause.Finding {
	name := facts.LastSegment(c.Facts.ClusterName)
	f := cause.Finding{
		Subject:    facts.ClusterRef(c.Facts.ClusterName),
		Confidence: cause.Proven,
		Severity:   cause.Blocked,
		Headline:   "HTTP load balancing is off in cluster " + name + ": " + d.headline(),
		Summary:    "Without the add-on no controller builds or updates load balancers, and none is there to write an event about it.",
		Affected:   d.refs(),
		Hosts:      d.hosts,
		Impact:     d.impact(),
		Since:      d.since,
		Change:     change,
		Evidence: []cause.Evidence{{
			Source: "container.clusters.get", Says: addonField + " = true", Link: cause.ClusterLink(c.Facts.ClusterName),
		}},
		Fix: fix(c.Facts.ClusterName),
	}
	if change != nil {
		f.Since = change.At
	}
	f.Evidence = append(f.Evidence, d.evidence(c.Facts)...)
	if !c.Facts.Events.Known() {
		f.Confidence = cause.Likely
	}
	if stale, of := frozen(c); stale > 0 {
		f.Severity = cause.Degraded
		if stale == of {
			f.Severity = cause.Outage
		}
		f.Evidence = append(f.Evidence, cause.Evidence{
			Source: "compute.backendServices.getHealth",
			Says:   fmt.Sprintf("%d of %d endpoints belong to pods that no longer exist: the membership is frozen", stale, of),
		})
	}
	f.Explains = explained(c)
	return f
}

// explained: unhealthy endpoints are the add-on's doing only where their pods are
// gone and nobody took them out.
func explained(c cause.Case) []cause.ID {
	ids := []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, "ingress/service-type-needs-neg", "endpoint/neg-stale", "endpoint/nodeport-changed"}
	if stale, _ := frozen(c); stale > 0 && stale == unhealthy(c) {
		ids = append(ids, cause.BackendUnhealthy, cause.PodsNotReadyInNEG)
	}
	// The Gateway API takes the add-on, and so does a deletion.
	return append(ids, "control/gateway-api-disabled", "control/resource-leak")
}

func fix(cluster string) cause.Fix {
	project, location, name := facts.ClusterParts(cluster)
	return cause.Fix{
		Summary: "switch the add-on on; the controllers then take up every Ingress and Gateway by themselves",
		Commands: []string{
			strings.Join([]string{"gcloud container clusters update", name, "--project", project, "--location", location, "--update-addons=HttpLoadBalancing=ENABLED"}, " "),
		},
		Patches: []cause.Patch{{File: "Terraform, google_container_cluster", YAML: "addons_config {\n  http_load_balancing {\n    disabled = false\n  }\n}\n"}},
		Caveat:  "where Terraform owns the cluster, change it there too, or the next apply switches it off again",
	}
}
