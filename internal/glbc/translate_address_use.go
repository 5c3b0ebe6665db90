package glbc

import (
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// addressInUse finds a forwarding rule of somebody else's that has the Ingress's
// address on a port that the Ingress wants: Compute refuses a second one
// (ingress-controller.md §1.5, static-ip-in-use). Rules for other ports share an
// address without harm. The event has Compute's 400 or 409.
func (t *translator) addressInUse(address *computepb.Address, stage Stage, field string) {
	ports := []int{httpsPort}
	if stage == StageForwardingRule {
		ports = []int{httpPort}
		if WantsHTTPS(t.ing) {
			ports = append(ports, httpsPort)
		}
	}
	j := newFrontendJoin(t.s, t.ing)
	rules, _ := t.s.ForwardingRules.Get()
	for _, fr := range rules {
		wanted := slices.IndexFunc(ports, func(port int) bool { return takes(fr, port) })
		if wanted < 0 || address.GetAddress() == "" || fr.GetIPAddress() != address.GetAddress() || scopeIn(fr.GetSelfLink()) != t.scope() {
			continue
		}
		f := Fault{
			Code: StaticIPInUse, Stage: stage, Field: field, Message: "in-use",
			Names: facts.Ref{Project: t.s.Project, Scope: t.scope(), Kind: facts.KindForwardingRule, Name: fr.GetName()},
		}
		if ports[wanted] == httpsPort {
			f.Stage = StageHTTPSForwardingRule
		}
		names, known := j.names.Get()
		switch {
		case known && names.Has(fr.GetName()):
			continue
		case describesAny(fr.GetDescription()) && !describes(fr.GetDescription(), t.ing):
		case !known:
			f.Err = j.names.Err()
		case j.foreign(fr.GetName()):
		case describes(fr.GetDescription(), t.ing):
			// A rule of this Ingress under a name from before.
			continue
		}
		t.fault(f)
	}
}

const (
	httpPort  = 80
	httpsPort = 443
)

// takes reports that a forwarding rule takes a TCP port.
func takes(fr *computepb.ForwardingRule, port int) bool {
	if p := fr.GetIPProtocol(); p != "TCP" && p != "" && p != "L3_DEFAULT" {
		return false
	}
	if fr.GetAllPorts() || slices.Contains(fr.GetPorts(), strconv.Itoa(port)) {
		return true
	}
	first, last, isRange := strings.Cut(fr.GetPortRange(), "-")
	from, err := strconv.Atoi(first)
	if err != nil {
		return false
	}
	to := from
	if isRange {
		if to, err = strconv.Atoi(last); err != nil {
			return false
		}
	}
	return from <= port && port <= to
}
