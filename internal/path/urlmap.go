package path

import (
	"slices"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// urlMap: every host and path of the target goes where it should, and translation gets
// through (ingress-controller.md §0.2, §1.2).
func (t *tracer) urlMap(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	if t.ing == nil {
		t.linkedMaps(j)
		return
	}
	t.faults(j, func(f glbc.Fault) bool {
		switch f.Stage {
		case glbc.StageTranslate, glbc.StageURLMap, glbc.StageRedirectMap:
			return true
		case glbc.StageAnnotations:
			return !ofAddress(f.Code)
		}
		return false
	})
	t.redirectMap(j)
	names, _ := t.built.Names.Get()
	live, ok := t.built.URLMap.Get()
	if !ok {
		all, _ := t.s.URLMaps.Get()
		t.lacking(j, facts.KindURLMap, names.URLMap, "the URL map", t.built.URLMap.Err(), t.built.URLMap.IsAbsent(), len(all) == 0)
		return
	}
	ref := glbc.ComputeRef(facts.KindURLMap, live.GetSelfLink())
	j.on(ref)
	list, err := glbc.CompareURLMap(t.translation.Map, live, glbc.BackendNames(t.s, t.ing))
	for _, d := range list {
		if t.only != "" && !t.servesHere(d.Host) && d.Host != "" {
			continue
		}
		j.differs(ref, fieldOf(d), d.Want, d.Have)
		if breaks(d) {
			t.wrong(j, "%s", differenceText(d))
		}
	}
	if err != nil {
		j.unread("where requests should go", err)
	}
	j.ok(live.GetName())
}

// breaks: something that the Ingress asks for isn't served, or by somebody else. A
// host or path too many does no harm to those asked for.
func breaks(d glbc.Difference) bool {
	return d.Kind != glbc.HostExtra && d.Kind != glbc.PathExtra
}

func fieldOf(d glbc.Difference) string {
	switch {
	case d.Host == "":
		return string(d.Kind)
	case d.Path == "":
		return string(d.Kind) + ": " + d.Host
	}
	return string(d.Kind) + ": " + d.Host + d.Path
}

func differenceText(d glbc.Difference) string {
	where := d.Host + d.Path
	if where == "" {
		where = "the default"
	}
	switch d.Kind {
	case glbc.HostMissing, glbc.PathMissing:
		return where + " is not in the URL map"
	case glbc.ActionExtra:
		return where + " has an action that nothing asks for"
	case glbc.BackendDiffers, glbc.DefaultDiffers, glbc.HostExtra, glbc.PathExtra:
	}
	if d.Have == "" {
		return where + " goes nowhere, not to " + d.Want
	}
	return where + " goes to " + d.Have + ", not to " + d.Want
}

// redirectMap: where the FrontendConfig asks for it, there is a map that sends plain
// HTTP to HTTPS.
func (t *tracer) redirectMap(j *judgement) {
	fc, ok := glbc.FrontendConfigOf(t.s, t.ing).Get()
	if !ok || fc.Spec.RedirectToHTTPS == nil || !fc.Spec.RedirectToHTTPS.Enabled || !glbc.AllowsHTTP(t.ing) {
		return
	}
	refused := slices.ContainsFunc(t.translation.Faults, func(f glbc.Fault) bool { return f.Code == glbc.RedirectUnsupported })
	if m, ok := t.built.RedirectMap.Get(); ok || refused {
		if ok {
			j.on(glbc.ComputeRef(facts.KindURLMap, m.GetSelfLink()))
		}
		return
	}
	names, _ := t.built.Names.Get()
	all, _ := t.s.URLMaps.Get()
	t.lacking(j, facts.KindURLMap, names.RedirectMap, "the URL map that redirects to HTTPS", t.built.RedirectMap.Err(), t.built.RedirectMap.IsAbsent(), len(all) == 0)
}

// linkedMaps judges the maps that the links lead to.
func (t *tracer) linkedMaps(j *judgement) {
	if t.target.Kind == facts.KindBackendService && len(t.front.maps) == 0 && t.unmapped() {
		j.notApplicable("requests don't go by hosts and paths")
		return
	}
	for _, m := range t.front.maps {
		j.on(glbc.ComputeRef(facts.KindURLMap, m.GetSelfLink()))
		j.ok(m.GetName())
	}
	if t.gateway != nil {
		t.gatewayMap(j)
	}
	for _, url := range t.front.mapsNamed() {
		if !isOneOf(t.front.maps, url) {
			j.unread(glbc.ComputeRef(facts.KindURLMap, url).String(), t.s.URLMaps.Err())
		}
	}
	switch {
	case len(j.seen) > 0:
	case !t.s.URLMaps.Known():
		j.unread("URL maps", t.s.URLMaps.Err())
	case t.gateway != nil && len(t.addresses()) == 0:
		t.unbuilt(j, "URL map")
	default:
		// One of another project may, where the VPC is shared.
		j.unknown("no URL map of the project leads here")
	}
}

// unmapped: the backend service is of a kind of load balancer that has no URL map.
func (t *tracer) unmapped() bool {
	return slices.ContainsFunc(t.backends, func(b glbc.Backend) bool {
		bs, ok := b.BackendService.Get()
		return ok && (bs.GetProtocol() == "TCP" || bs.GetProtocol() == "SSL" || bs.GetProtocol() == "UDP" || bs.GetProtocol() == "UNSPECIFIED")
	})
}
