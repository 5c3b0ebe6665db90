package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

// weakerThanPort are the causes that this one makes redundant.
var weakerThanPort = []cause.ID{"network/health-check-ranges-not-allowed", "network/proxy-only-range-not-allowed"}

// A rule lets Google's ranges in, and not to this port: a named targetPort, a port that
// only a BackendConfig names, a NEG that no Ingress uses (ingress-controller.md §1.8;
// ingress-gce #703).
var portNotCovered = cause.Cause{
	ID:       "network/firewall-port-not-covered",
	Title:    "The firewall lets the load balancer in, but not to this port",
	Needs:    append([]facts.Kind{facts.ThirdPartyObjects, facts.Probes, facts.Pods, facts.NEGs}, slices.Concat(evaluated, []facts.Kind{facts.ConfigMaps, facts.EndpointSlices, facts.BackendConfigs})...),
	Explains: explaining(weakerThanPort...),
	Check:    checkPortNotCovered,
}

func checkPortNotCovered(c cause.Case) cause.Outcome {
	list, pending := settled(c, slices.DeleteFunc(barriers(c), func(b barrier) bool {
		_, ok := b.otherPorts(c)
		return !ok
	}))
	rules, groups := bySubject(list, func(b barrier) (firewall.Rule, bool) { return b.otherPorts(c) })
	var out cause.Outcome
	for i, r := range rules {
		group := groups[i]
		f := finding(c, group, weakerThanPort)
		f.Subject = refOf(c.Facts, r)
		f.Headline = fmt.Sprintf("%s lets %s in to %s, not to %s", capital(r), senders(group), r.Covers, ports(group))
		f.Summary = whyPort(group[0]) + "No other rule covers it, so the packets end in the implied deny and get no answer."
		f.Evidence = append([]cause.Evidence{{Source: "compute.firewalls.list", Says: fmt.Sprintf("%s covers %s from %s", r, r.Covers, from(r))}}, evidence(c, group)...)
		f.Change = wrote(c, f, "allowed")
		f.Fix = cover(c, r, group)
		out.Findings = append(out.Findings, f)
	}
	switch {
	case len(out.Findings) > 0:
	case pending != "":
		out.Pending = pending
	default:
		out.RuledOut = admitted(c)
		out.Undecided = undecided(c, "requests get in to the port that serves", func(v path.FirewallVerdict) bool { return !v.Proxies && !v.Proven })
	}
	return out
}

// whyPort says where the port comes from, if that is special.
func whyPort(b barrier) string {
	port := strconv.Itoa(int(b.Packet.Port))
	switch hc, ok := b.HealthCheck.Get(); {
	case b.Service == "":
		return ""
	case ok && b.asked && glbc.CheckOf(hc).Port != 0 && b.ServicePort != nil && b.ServicePort.NodePort != glbc.CheckOf(hc).Port:
		return "The health check asks port " + port + ", which isn't the one that serves. "
	case b.ServicePort != nil && b.ServicePort.NodePort != int32(b.Packet.Port) && b.ServicePort.TargetPort.Type == intstr.String && b.ServicePort.TargetPort.StrVal != "":
		return fmt.Sprintf("The Service's targetPort is the name %q, which is port %s of its pods. ", b.ServicePort.TargetPort.StrVal, port)
	}
	return ""
}

// cover is the fix: the controller's rule, where the controller wants the port there;
// else a rule of one's own, since the controller takes away what others add to its rule.
func cover(c cause.Case, r firewall.Rule, list []barrier) cause.Fix {
	rule := liveRule(c.Facts, r.Name)
	o := openingFor(c, list, false)
	own := slices.ContainsFunc(list, func(b barrier) bool { return isOwn(c, b, r.Name) })
	wanted := !slices.ContainsFunc(list, func(b barrier) bool { return !wants(c.Facts, b) })
	if rule != nil && r.Layer == firewall.LayerVPC && (!own || wanted) {
		f := cause.Fix{Summary: fmt.Sprintf("add %s to rule %s", o.allow(), r.Name), Commands: []string{o.widened(rule)}}
		if own {
			f.Caveat = "GKE's controller adds it at its next sync by itself, unless it may not write firewall rules"
		} else {
			f.Caveat = "--allow replaces what the rule allows, so the command repeats it"
		}
		return f
	}
	if r.Layer != firewall.LayerVPC {
		return inPolicy(c.Facts, r, o, "the policy is somebody's: ask its owner")
	}
	return cause.Fix{
		Summary:  fmt.Sprintf("create a rule of your own that allows %s from %s", o.allow(), strings.Join(o.sources, " and ")),
		Commands: []string{o.create(newName(c.Facts), usual)},
		Caveat:   "adding the port to " + r.Name + " doesn't last: GKE's controller writes that rule and takes it away again",
	}
}

// wants: GLBC would have the port in its rule: that of an Ingress's endpoints, a node port,
// or the one that a BackendConfig checks (ingress-controller.md §1.8).
func wants(s *facts.Snapshot, b barrier) bool {
	port := int32(b.Packet.Port)
	if b.Service == "" || b.Gateway {
		return false
	}
	if slices.ContainsFunc(b.all, func(e glbc.Endpoint) bool { return e.Port == port }) || b.ServicePort != nil && b.ServicePort.NodePort == port {
		return true
	}
	svc, ok := b.Object.Get()
	if !ok {
		return false
	}
	name := glbc.BackendConfigOf(svc, b.ServicePort)
	configs, _ := s.BackendConfigs.Get()
	return slices.ContainsFunc(configs, func(bc *facts.BackendConfig) bool {
		check := bc.Spec.HealthCheck
		return bc.Name == name && bc.Namespace == b.Namespace && check != nil && check.Port != nil && *check.Port == int64(port)
	})
}
