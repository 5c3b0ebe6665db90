package gateway

import (
	"fmt"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A Gateway whose class isn't there, or that no controller has accepted, is nobody's: no
// status, no event, no load balancer. The multi-cluster classes are there only once the
// fleet's Gateway controller is on.
var classNotServed = cause.Cause{
	ID:       "gateway/class-not-served",
	Title:    "No controller serves the Gateway's class",
	Needs:    []facts.Kind{facts.ThirdPartyObjects, facts.Cluster},
	Explains: []cause.ID{cause.IngressNotProvisioned},
	Check:    checkClass,
}

func checkClass(c cause.Case) cause.Outcome {
	g, ok := c.Gateway()
	if !ok {
		return cause.Outcome{}
	}
	orphan, ok := glbc.OrphanOf(c.Facts, g)
	switch {
	case !ok && c.Has(cause.IngressNotProvisioned) && slices.Contains(installed(c.Facts), string(g.Spec.GatewayClassName)):
		return cause.Outcome{RuledOut: "GatewayClass " + string(g.Spec.GatewayClassName) + " is there and GKE's"}
	case !ok, maybeOff(c.Facts) && strings.HasPrefix(string(g.Spec.GatewayClassName), "gke-"):
		return cause.Outcome{}
	}
	return cause.Outcome{Findings: []cause.Finding{notServed(c, g, orphan)}}
}

// maybeOff: with the Gateway API or the load balancing add-on off, none of GKE's classes is
// there, and that is the cluster's fault; a cluster that couldn't be read may have them off.
func maybeOff(s *facts.Snapshot) bool {
	cluster, ok := s.Cluster.Get()
	if !ok || glbc.AddonDisabled(cluster) || cluster.NetworkConfig == nil || cluster.NetworkConfig.GatewayApiConfig == nil {
		return true
	}
	channel := cluster.NetworkConfig.GatewayApiConfig.Channel
	return channel != "CHANNEL_STANDARD" && channel != "CHANNEL_EXPERIMENTAL"
}

// installed are the classes of GKE's Gateway controller, by name.
func installed(s *facts.Snapshot) (names []string) {
	all, _ := s.GatewayClasses.Get()
	for _, class := range all {
		if class.Spec.ControllerName == glbc.GatewayController {
			names = append(names, class.Name)
		}
	}
	slices.Sort(names)
	return names
}

func notServed(c cause.Case, g *gatewayv1.Gateway, orphan glbc.Orphan) cause.Finding {
	name := string(g.Spec.GatewayClassName)
	f := refused(c, g, c.Target)
	f.Since = g.CreationTimestamp.Time
	f.Impact = "this Gateway gets no load balancer, and its routes serve nothing"
	f.Headline = fmt.Sprintf("No GatewayClass is called %s, so nobody serves Gateway %s/%s", name, g.Namespace, g.Name)
	f.Summary = "A Gateway is served by the controller of its class; without the class no controller ever looks at it, and no event says so."
	f.Evidence = []cause.Evidence{{Source: string(facts.ThirdPartyObjects), Says: "spec.gatewayClassName = " + name + "; the cluster's GatewayClasses of GKE are " + orNone(installed(c.Facts))}}
	if !orphan.Missing {
		f.Headline = fmt.Sprintf("No controller has accepted GatewayClass %s, so nobody serves Gateway %s/%s", name, g.Namespace, g.Name)
		f.Summary = "The class is there, and its controller has not taken it up; a Gateway of it gets no load balancer."
		f.Evidence = append(f.Evidence, cause.Evidence{
			Source: "status of GatewayClass/" + name, Says: strings.TrimSuffix(fmt.Sprintf("controllerName %s; not Accepted, %s: %s", orphan.Controller, orphan.Reason, orphan.Message), ": "),
		})
		if orphan.Controller != glbc.GatewayController {
			f.Confidence = cause.Likely
		}
	}
	if ch := c.Wrote(c.Target, "spec.gatewayClassName"); ch != nil && ch.To != nil && strings.Trim(*ch.To, `"`) == name {
		f.Change = ch
	} else if ch == nil {
		f.Change = c.Created(c.Target)
	}
	f.Fix = fixClass(c, name)
	return f
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// fixClass names the class that was most likely meant.
func fixClass(c cause.Case, name string) cause.Fix {
	if known, ok := glbc.GatewayClassNamed(name); ok && known.MultiCluster && known.Scheme != "" {
		return cause.Fix{
			Summary:  "switch the fleet's Gateway controller on, which installs the multi-cluster classes; the cluster must be a member of the fleet",
			Commands: []string{fmt.Sprintf("gcloud container fleet ingress enable --config-membership %s --project %s", membership(c.Facts), c.Facts.Project)},
			Caveat:   "if one cluster is enough, use the class without -mc",
		}
	}
	want := nearest(name, installed(c.Facts))
	return cause.Fix{
		Summary:  "use a class that GKE serves, such as " + want,
		Commands: []string{fmt.Sprintf(`kubectl patch gateway %s -n %s --type merge -p '{"spec":{"gatewayClassName":"%s"}}'`, c.Target.Name, c.Target.Namespace, want)},
		Patches: []cause.Patch{{
			File: "Gateway " + c.Target.Namespace + "/" + c.Target.Name,
			YAML: fmt.Sprintf("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  gatewayClassName: %s\n", c.Target.Name, c.Target.Namespace, want),
		}},
		Caveat: "if another controller should serve it, install that one with its GatewayClass",
	}
}

// membership is the cluster's in its fleet; the name that it gets by default, where it is
// in none.
func membership(s *facts.Snapshot) string {
	if cluster, ok := s.Cluster.Get(); ok && cluster.Fleet != nil && cluster.Fleet.Membership != "" {
		return facts.RelativePath(cluster.Fleet.Membership)
	}
	_, _, name := facts.ClusterParts(s.ClusterName)
	return "projects/" + s.Project + "/locations/global/memberships/" + name
}

// nearest is the name that begins most like another; GKE's usual class where none does.
func nearest(name string, among []string) string {
	best, length := "gke-l7-global-external-managed", len("gke-l7-")
	for _, n := range among {
		same := 0
		for same < len(n) && same < len(name) && n[same] == name[same] {
			same++
		}
		if same > length {
			best, length = n, same
		}
	}
	return best
}
