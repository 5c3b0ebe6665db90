package edge

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The two forwarding rules of an internal load balancer can only share an address that is
// reserved for sharing (ingress-controller.md §1.5, internal-http+https-no-vip).
var internalHTTPSNeedsStaticIP = cause.Cause{
	ID:       "edge/internal-https-needs-static-ip",
	Title:    "An internal Ingress with HTTP and HTTPS has no shared address",
	Needs:    []facts.Kind{facts.Ingresses, facts.Addresses, facts.Cluster},
	Explains: []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied},
	Check: cause.Blocker{
		Code: glbc.InternalHTTPSNeedsStaticIP, Tell: tellInternalHTTPS,
	}.Check,
}

func tellInternalHTTPS(c cause.Case, _ glbc.Fault) cause.Finding {
	ing, _ := c.Ingress()
	name := c.Target.Namespace + "-" + c.Target.Name
	commands := []string{fmt.Sprintf("gcloud compute addresses create %s --project %s --region %s --subnet %s --purpose SHARED_LOADBALANCER_VIP", name, c.Facts.Project, glbc.Region(c.Facts), subnet(c.Facts))}
	summary := "reserve a shared address and name it on the Ingress"
	if own := shared(c.Facts, glbc.Address(ing)); own != "" {
		name, commands, summary = own, nil, "name the shared address "+own+" on the Ingress, which it has already"
	}
	https := "spec.tls is set"
	if len(ing.Spec.TLS) == 0 {
		https = glbc.PreSharedCertAnnotation + " = " + ing.Annotations[glbc.PreSharedCertAnnotation]
	}
	f := cause.Finding{
		Headline: fmt.Sprintf("Internal Ingress %s/%s wants HTTP and HTTPS without a shared address, %s", c.Target.Namespace, c.Target.Name, c.Effect()),
		Summary:  "HTTP and HTTPS are two forwarding rules, and inside a network two rules share an address only if it is reserved for that. The controller configures neither.",
		Evidence: []cause.Evidence{
			{Source: string(facts.Ingresses), Says: fmt.Sprintf("class %s, HTTP is allowed, %s, and no annotation %s", glbc.ClassInternal, https, glbc.RegionalStaticIPAnnotation), Link: cause.ObjectLink(c.Target)},
		},
		Fix: cause.Fix{
			Summary:  summary + "; or switch HTTP off with " + glbc.AllowHTTPAnnotation + `: "false"`,
			Commands: append(commands, annotate(c, glbc.RegionalStaticIPAnnotation, name)),
			Patches:  []cause.Patch{ingressPatch(c, glbc.RegionalStaticIPAnnotation+": "+name)},
			Caveat:   "an address without the purpose SHARED_LOADBALANCER_VIP does not help: the second rule is refused",
		},
	}
	if ch := c.Wrote(c.Target, `metadata.annotations["`+glbc.RegionalStaticIPAnnotation+`"]`); ch != nil && ch.Removed {
		f.Change = ch
	}
	return blocked(c, f)
}

// shared is the name of the reserved address that is this one and may be shared; empty for
// none.
func shared(s *facts.Snapshot, ip string) string {
	all, _ := s.Addresses.Get()
	for _, a := range all {
		if ip != "" && a.GetAddress() == ip && a.GetPurpose() == "SHARED_LOADBALANCER_VIP" && facts.ScopeOf(a.GetSelfLink()) == "regions/"+glbc.Region(s) {
			return a.GetName()
		}
	}
	return ""
}

// subnet is the cluster's subnetwork, for gcloud.
func subnet(s *facts.Snapshot) string {
	cluster, ok := s.Cluster.Get()
	switch {
	case !ok:
		return "SUBNET"
	case cluster.NetworkConfig != nil && cluster.NetworkConfig.Subnetwork != "":
		if path := cluster.NetworkConfig.Subnetwork; !strings.HasPrefix(path, "projects/"+s.Project+"/") {
			return path
		}
		return facts.LastSegment(cluster.NetworkConfig.Subnetwork)
	}
	return facts.LastSegment(cluster.Subnetwork)
}
