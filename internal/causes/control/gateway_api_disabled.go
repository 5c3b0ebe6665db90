package control

import (
	"slices"
	"strings"

	"google.golang.org/api/container/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

const channelField = "gatewayApiConfig.channel"

// GKE runs its Gateway controller only where the cluster's channel says so. The CRDs
// may be there all the same, installed by hand: Gateways are then accepted and nobody
// ever looks at them (gcp-facts.md §2.1; cause-catalogue.md).
var gatewayAPIDisabled = cause.Cause{
	ID:    "control/gateway-api-disabled",
	Title: "The Gateway API is switched off in the cluster",
	Needs: []facts.Kind{facts.Cluster, facts.ThirdPartyObjects},
	Explains: []cause.ID{
		cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing, "gateway/class-not-served",
	},
	Check: checkGatewayAPI,
}

func checkGatewayAPI(c cause.Case) cause.Outcome {
	g, ok := c.Gateway()
	cluster, read := c.Facts.Cluster.Get()
	switch {
	case !ok || !glbc.SurelyServesGateway(c.Facts, g):
		return cause.Outcome{}
	case !read:
		return cause.Outcome{Undecided: "whether the Gateway API is on: the cluster couldn't be read"}
	}
	channel := channelOf(cluster)
	if channel != "" && channel != channelDisabled {
		return refuted(c, "the Gateway API is on: "+channelField+" = "+channel)
	}
	if channel == "" && looksAfter(c, g) {
		return refuted(c, "GKE's Gateway controller works here: it has taken up "+c.Target.String())
	}
	if beingSwitchedOn(c) {
		return cause.Outcome{Pending: "the Gateway API is being switched on"}
	}
	return cause.Outcome{Findings: []cause.Finding{gatewayFinding(c, channel)}}
}

// refuted says so only where the Gateway isn't built: nobody asks otherwise.
func refuted(c cause.Case, because string) cause.Outcome {
	if !c.Has(cause.IngressNotProvisioned) {
		return cause.Outcome{}
	}
	return cause.Outcome{RuledOut: because}
}

const channelDisabled = "CHANNEL_DISABLED"

// channelOf is empty where the cluster says nothing, which means off.
func channelOf(cluster *container.Cluster) string {
	if cluster.NetworkConfig == nil || cluster.NetworkConfig.GatewayApiConfig == nil {
		return ""
	}
	channel := cluster.NetworkConfig.GatewayApiConfig.Channel
	if channel == "CHANNEL_UNSPECIFIED" {
		return ""
	}
	return channel
}

// looksAfter: GKE's controller has left its mark on the Gateway, or writes about it.
func looksAfter(c cause.Case, g *gatewayv1.Gateway) bool {
	if slices.Contains(g.Finalizers, glbc.GatewayFinalizer) || glbc.GatewayAddress(g) != "" {
		return true
	}
	return slices.ContainsFunc(c.EventsOf(c.Target), func(e cause.Event) bool { return strings.Contains(e.Component, gatewayWord) })
}

func gatewayFinding(c cause.Case, channel string) cause.Finding {
	name := facts.LastSegment(c.Facts.ClusterName)
	waiting, serving := gatewaysOf(c.Facts)
	f := cause.Finding{
		Subject:    facts.ClusterRef(c.Facts.ClusterName),
		Confidence: cause.Proven,
		Severity:   cause.Blocked,
		Summary:    "Without it GKE runs no Gateway controller: objects are accepted, and nobody builds, updates or deletes anything for them.",
		Affected:   append(slices.Clone(waiting), serving...),
		Hosts:      hostsOf(c),
		Change:     channelChange(c),
		Evidence: []cause.Evidence{{
			Source: "container.clusters.get", Says: "networkConfig." + channelField + " is " + orAbsent(channel), Link: cause.ClusterLink(c.Facts.ClusterName),
		}},
		Fix: channelFix(c.Facts.ClusterName),
	}
	g, _ := c.Gateway()
	f.Since = g.CreationTimestamp.Time
	if c.Has(cause.IngressNotProvisioned) {
		f.Headline = "The Gateway API is off in cluster " + name + ": " + count(waiting) + " waiting for a load balancer that nobody builds"
		f.Impact = count(waiting) + " without an address"
		f.Evidence = append(f.Evidence, cause.Evidence{
			Source: "container.thirdPartyObjects.list", Link: cause.ClusterLink(c.Facts.ClusterName),
			Says: c.Target.String() + " is of class " + string(g.Spec.GatewayClassName) + " and no controller of GKE's has touched it",
		})
	} else {
		f.Headline = "The Gateway API is off in cluster " + name + ": " + count(serving) + " served by a load balancer that nobody updates"
		f.Impact = "existing load balancers keep serving, but no change or deletion takes effect"
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.thirdPartyObjects.list", Says: c.Target.String() + " has an address and keeps serving", Link: cause.ClusterLink(c.Facts.ClusterName)})
	}
	if f.Change != nil {
		f.Since = f.Change.At
	}
	return f
}

func orAbsent(channel string) string {
	if channel == "" {
		return "absent, which means off"
	}
	return channel
}

// gatewaysOf are the cluster's Gateways of GKE's classes, by whether they have an
// address.
func gatewaysOf(s *facts.Snapshot) (waiting, serving []facts.Ref) {
	all, _ := s.Gateways.Get()
	for _, g := range all {
		switch {
		case !glbc.SurelyServesGateway(s, g):
		case glbc.GatewayAddress(g) == "":
			waiting = append(waiting, glbc.GatewayRef(s, g))
		default:
			serving = append(serving, glbc.GatewayRef(s, g))
		}
	}
	return waiting, serving
}

// channelChange is who switched it off; nil where the log doesn't tell that it was on.
func channelChange(c cause.Case) *cause.Change {
	for _, s := range c.Entries() {
		if s.Change == nil || s.Target.Cluster != c.Facts.ClusterName || s.Change.Failed {
			continue
		}
		switch value, written := s.Change.Fields[channelField]; {
		case !written:
		case strings.Contains(value, channelDisabled):
			change := cause.ChangeOf(s, c.Entries(), channelField)
			change.To = new(channelDisabled)
			return change
		default:
			return nil
		}
	}
	return nil
}

// beingSwitchedOn: somebody has just asked for it, and the operation isn't over.
func beingSwitchedOn(c cause.Case) bool {
	for _, s := range c.Entries() {
		if s.Change == nil || s.Target.Cluster != c.Facts.ClusterName || s.Change.Failed {
			continue
		}
		if value, written := s.Change.Fields[channelField]; written {
			return !strings.Contains(value, channelDisabled) && c.Facts.Now.Sub(s.At) < settling
		}
	}
	return false
}

func channelFix(cluster string) cause.Fix {
	project, location, name := facts.ClusterParts(cluster)
	return cause.Fix{
		Summary:  "switch the Gateway API on; GKE then installs its GatewayClasses and takes up every Gateway by itself",
		Commands: []string{strings.Join([]string{"gcloud container clusters update", name, "--project", project, "--location", location, "--gateway-api=standard"}, " ")},
		Patches:  []cause.Patch{{File: "Terraform, google_container_cluster", YAML: "gateway_api_config {\n  channel = \"CHANNEL_STANDARD\"\n}\n"}},
		Caveat:   "CRDs alone don't help: installing them by hand starts no controller. It takes the add-on HTTP load balancing as well, and up to 45 minutes",
	}
}
