package glbc

import (
	"errors"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// Progress is how far GLBC came with an Ingress, told by which objects exist
// (ingress-controller.md §0.3). Objects outlive the sync that made them: nothing
// missing doesn't say that the last one got through.
type Progress struct {
	// Reached is the last stage that left something; zero where nothing is there.
	Reached Stage
	// Missing is the first stage whose object surely isn't there; zero where none is
	// known to be missing. The sync stopped there, or before.
	Missing Stage
	// Object names what is missing: the Ingress itself for its status, a Service for
	// what belongs to one of its ports.
	Object facts.Ref
	// Err is why stages before Missing, or with Missing zero any, couldn't be looked
	// at; nil when all were.
	Err error
}

// Stopped says how far GLBC came with an Ingress. Where one Service port has its
// backend service and another none, the other's is missing.
func Stopped(s *facts.Snapshot, ing *networkingv1.Ingress) Progress {
	var p Progress
	f := FrontendOf(s, ing)
	for _, m := range append(backendMarks(s, ing), frontendMarks(s, ing, f)...) {
		switch {
		case m.found:
			p.Reached = max(p.Reached, m.stage)
		case p.Missing != 0:
		case m.err != nil:
			p.Err = errors.Join(p.Err, m.err)
		default:
			p.Missing, p.Object = m.stage, m.object
		}
	}
	return p
}

// A mark is an object that a stage leaves.
type mark struct {
	stage  Stage
	object facts.Ref
	found  bool
	err    error
}

func markOf[T any](stage Stage, object facts.Ref, v facts.Value[T]) mark {
	_, found := v.Get()
	return mark{stage, object, found, v.Err()}
}

// backendMarks are those of the Service ports, in the controller's order.
func backendMarks(s *facts.Snapshot, ing *networkingv1.Ingress) []mark {
	var marks, links []mark
	class := ClassIn(s, ing)
	list := Backends(s, ing)
	if !class.InRegion() && slices.ContainsFunc(list, usesNodePort) {
		marks = append(marks, instanceGroupMark(s))
	}
	for _, b := range list {
		ref := b.Ref(s.ClusterName)
		bs, live := b.BackendService.Get()
		check := b.HealthCheck
		if name, ok := BackendName(s, class, b).Get(); ok && !live {
			check = inScope(s.HealthChecks, class.Scope(Region(s)), name)
		}
		marks = append(marks, markOf(StageHealthCheck, ref, check), markOf(StageBackendService, ref, b.BackendService))
		link := markOf(StageLink, ref, b.BackendService)
		link.found = live && len(bs.GetBackends()) > 0
		links = append(links, link)
	}
	return append(marks, links...)
}

func usesNodePort(b Backend) bool {
	svc, ok := b.Object.Get()
	return ok && b.ServicePort != nil && !NeedsNEG(svc) && !NEGRequestOf(svc).Ingress
}

// instanceGroupMark: the groups of all zones have one name.
func instanceGroupMark(s *facts.Snapshot) mark {
	uid := IngressUID(s)
	m := mark{stage: StageInstanceGroups, object: facts.Ref{Project: s.Project, Kind: facts.KindInstanceGroup, Name: InstanceGroupName(uid)}}
	groups, _ := s.InstanceGroups.Get()
	if uid == "" {
		m.err = errNoIngressUID
		return m
	}
	m.found = slices.ContainsFunc(groups, func(g *computepb.InstanceGroup) bool { return g.GetName() == m.object.Name })
	m.err = s.InstanceGroups.Err()
	return m
}

// frontendMarks are those of the load balancer, as far as the Ingress asks for them.
func frontendMarks(s *facts.Snapshot, ing *networkingv1.Ingress, f Frontend) []mark {
	names, _ := f.Names.Get()
	of := func(kind, name string) facts.Ref {
		return facts.Ref{Project: s.Project, Scope: f.Scope, Kind: kind, Name: name}
	}
	marks := []mark{markOf(StageURLMap, of(facts.KindURLMap, names.URLMap), f.URLMap)}
	if fc, ok := FrontendConfigOf(s, ing).Get(); ok && fc.Spec.RedirectToHTTPS != nil && fc.Spec.RedirectToHTTPS.Enabled {
		marks = append(marks, markOf(StageRedirectMap, of(facts.KindURLMap, names.RedirectMap), f.RedirectMap))
	}
	if AllowsHTTP(ing) {
		marks = append(marks, markOf(StageProxy, of(facts.KindTargetHTTPProxy, names.TargetProxy), f.HTTPProxy),
			markOf(StageForwardingRule, of(facts.KindForwardingRule, names.ForwardingRule), f.HTTP))
	}
	if len(ing.Spec.TLS) > 0 {
		marks = append(marks, certificateMark(s, f, names))
	}
	if WantsHTTPS(ing) {
		marks = append(marks, markOf(StageHTTPSProxy, of(facts.KindTargetHTTPSProxy, names.HTTPSTargetProxy), f.HTTPSProxy),
			markOf(StageHTTPSForwardingRule, of(facts.KindForwardingRule, names.HTTPSForwardingRule), f.HTTPS))
	}
	return append(marks, mark{stage: StageStatus, object: RefOf(s, ing), found: Address(ing) != ""})
}

// certificateMark: GLBC makes a certificate of each Secret, whose names share a
// beginning.
func certificateMark(s *facts.Snapshot, f Frontend, names FrontendNames) mark {
	m := mark{stage: StageCertificates, object: facts.Ref{Project: s.Project, Scope: f.Scope, Kind: facts.KindCertificate, Name: names.CertificatePrefix}}
	if m.err = f.Names.Err(); m.err != nil {
		return m
	}
	all, _ := s.SSLCertificates.Get()
	m.found = slices.ContainsFunc(all, func(c *computepb.SslCertificate) bool {
		return strings.HasPrefix(c.GetName(), names.CertificatePrefix) && scopeIn(c.GetSelfLink()) == f.Scope
	})
	if s.SSLCertificates.Lacks(f.Scope) && !s.SSLCertificates.IsAbsent() {
		m.err = s.SSLCertificates.Err()
	}
	return m
}
