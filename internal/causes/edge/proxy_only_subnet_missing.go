package edge

import (
	"cmp"
	"fmt"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The Envoy proxies of a regional load balancer get their addresses from a subnet of
// their own, one ACTIVE per region and network; without it Compute refuses the forwarding
// rule (ingress-controller.md §1.5, no-proxy-only-subnet; gke-networking-recipes #188).
var proxyOnlySubnetMissing = cause.Cause{
	ID:       "edge/proxy-only-subnet-missing",
	Title:    "The region has no active proxy-only subnet",
	Needs:    []facts.Kind{facts.Events, facts.Clusters, facts.Ingresses, facts.ThirdPartyObjects, facts.Subnetworks, facts.ForwardingRules, facts.Cluster},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, "gateway/listener-invalid"},
	Check:    checkProxySubnet,
}

func checkProxySubnet(c cause.Case) cause.Outcome {
	if g, ok := c.Gateway(); ok {
		class, _ := glbc.GatewayClassOf(c.Facts, g).Get()
		subnet := glbc.ProxyOnlySubnet(c.Facts, class.Scheme == "INTERNAL_MANAGED")
		if !class.Regional || class.MultiCluster || !subnet.IsAbsent() || len(glbc.GatewayFrontendOf(c.Facts, g).ForwardingRules) > 0 {
			return hasSubnet(subnet)
		}
		f := noSubnet(c, glbc.NetworkOf(c.Facts))
		f.Subject, f.Confidence, f.Severity, f.Affected, f.Hosts = subjectNetwork(c), cause.Proven, cause.Blocked, []facts.Ref{c.Target}, glbc.GatewayHosts(c.Facts, g)
		f.Impact = "no regional load balancer of this network can be made in the region, this Gateway's among them"
		return cause.Outcome{Findings: []cause.Finding{f}}
	}
	out := cause.Blocker{Code: glbc.ProxyOnlySubnetMissing, Tell: tellProxySubnet}.Check(c)
	if ing, ok := c.Ingress(); ok && len(out.Findings) == 0 && glbc.ClassOf(ing).Internal && (c.Has(cause.IngressNotProvisioned) || c.Has(cause.ChangeNotApplied)) {
		out = hasSubnet(glbc.ProxyOnlySubnet(c.Facts, true))
	}
	return out
}

func hasSubnet(subnet facts.Value[*computepb.Subnetwork]) cause.Outcome {
	if s, ok := subnet.Get(); ok {
		return cause.Outcome{RuledOut: "the proxy-only subnet " + s.GetName() + " is active"}
	}
	return cause.Outcome{}
}

// tellProxySubnet says nothing of an Ingress whose forwarding rules are there: Compute has
// made them, so it has found a subnet.
func tellProxySubnet(c cause.Case, fault glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	built := glbc.FrontendOf(c.Facts, ing)
	_, http := built.HTTP.Get()
	_, https := built.HTTPS.Get()
	if http || https {
		return cause.Finding{}
	}
	f := noSubnet(c, fault.Names)
	f.Subject = subjectNetwork(c)
	return f
}

// subjectNetwork is what must get a subnet.
func subjectNetwork(c cause.Case) facts.Ref {
	if n := glbc.NetworkOf(c.Facts); n.Name != "" {
		return n
	}
	return c.Target
}

func noSubnet(c cause.Case, network facts.Ref) cause.Finding {
	region := glbc.Region(c.Facts)
	project := cmp.Or(network.Project, c.Facts.NetworkProject, c.Facts.Project)
	name := cmp.Or(network.Name, c.Facts.NetworkName, "NETWORK")
	f := cause.Finding{
		Headline: fmt.Sprintf("Network %s has no active proxy-only subnet in %s, %s", name, region, effect(c)),
		Summary:  "The proxies of a regional load balancer get their addresses from a subnet of their own; without one Compute refuses the forwarding rule.",
		Evidence: []cause.Evidence{{
			Source: string(facts.Subnetworks), Link: "https://console.cloud.google.com/networking/networks/details/" + name + "?project=" + project + "&pageTab=SUBNETS",
			Says: fmt.Sprintf("no subnet of network %s in %s has the purpose REGIONAL_MANAGED_PROXY and the role ACTIVE", name, region),
		}},
		Fix: cause.Fix{
			Summary: "create a proxy-only subnet with a free range of this network, /26 or larger (put it in place of RANGE); the controller then goes on by itself",
			Commands: []string{fmt.Sprintf("gcloud compute networks subnets create proxies-%s --project %s --region %s --network %s --purpose REGIONAL_MANAGED_PROXY --role ACTIVE --range RANGE",
				region, project, region, name)},
			Caveat: "the firewall must let the new range in to the pods: the Ingress controller's own rule follows by itself, others don't; a subnet of the purpose PRIVATE can't be used",
		},
	}
	if project != c.Facts.Project {
		f.Fix.Summary += "; in the host project of the shared VPC, " + project
	}
	for _, unfit := range glbc.UnfitProxySubnets(c.Facts) {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: string(facts.Subnetworks), Says: whyUnfit(unfit, region, name)})
		if unfit.GetRole() == "BACKUP" && facts.ScopeOf(unfit.GetSelfLink()) == "regions/"+region && facts.LastSegment(unfit.GetNetwork()) == name {
			f.Fix.Summary = "make the subnet " + unfit.GetName() + ", which is in reserve, the active one"
			f.Fix.Commands = []string{fmt.Sprintf("gcloud compute networks subnets update %s --project %s --region %s --role ACTIVE --drain-timeout 60s", unfit.GetName(), project, region)}
		}
	}
	return f
}

func whyUnfit(subnet *computepb.Subnetwork, region, network string) string {
	where := strings.TrimPrefix(facts.ScopeOf(subnet.GetSelfLink()), "regions/")
	switch {
	case where != region:
		return fmt.Sprintf("%s is in %s, and proxies of %s can't use it", subnet.GetName(), where, region)
	case facts.LastSegment(subnet.GetNetwork()) != network:
		return fmt.Sprintf("%s is in network %s, not in %s", subnet.GetName(), facts.LastSegment(subnet.GetNetwork()), network)
	}
	return fmt.Sprintf("%s has the role %s, only ACTIVE counts", subnet.GetName(), subnet.GetRole())
}
