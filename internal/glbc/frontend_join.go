package glbc

import (
	"errors"
	"slices"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// A frontendJoin finds the frontend of one Ingress.
type frontendJoin struct {
	s     *facts.Snapshot
	ing   *networkingv1.Ingress
	scope string
	names facts.Value[FrontendNames]
	// kubeUID and ingressUID are empty where they aren't known.
	kubeUID, ingressUID string
	// targets are the URLs of the target proxies of the Ingress's forwarding rules.
	targets []string
}

var errNoKubeUID = errors.New("the UID of the namespace kube-system, which names carry, isn't known")

func newFrontendJoin(s *facts.Snapshot, ing *networkingv1.Ingress) *frontendJoin {
	j := &frontendJoin{s: s, ing: ing, scope: ClassOf(ing).Scope(Region(s)), ingressUID: IngressUID(s)}
	j.kubeUID, _ = s.ClusterUID.Get()
	switch {
	case OldScheme(ing) && j.ingressUID == "":
		j.names = facts.Unknown[FrontendNames](errNoIngressUID)
	case !OldScheme(ing) && j.kubeUID == "":
		j.names = facts.Unknown[FrontendNames](errors.Join(errNoKubeUID, s.ClusterUID.Err()))
	default:
		j.names = facts.Found(NamesOf(ing, j.kubeUID, j.ingressUID))
	}
	return j
}

// written is the name that GLBC wrote on the Ingress; empty for none, and for one
// that an Ingress of another cluster, or of another name, was copied with.
func (j *frontendJoin) written(key string) string {
	name := j.ing.Annotations[statusPrefix+key]
	if j.foreign(name) {
		return ""
	}
	names, ok := j.names.Get()
	if n, parsed := ParseName(name); ok && parsed && n.ClusterHash != "" && !names.V1 && !names.Has(name) {
		return ""
	}
	return name
}

func (j *frontendJoin) foreign(name string) bool {
	n, ok := ParseName(name)
	return ok && n.ForeignTo(j.kubeUID, j.ingressUID)
}

// trust remembers the proxies of the forwarding rules that are surely the Ingress's.
func (j *frontendJoin) trust(rules ...facts.Value[*computepb.ForwardingRule]) {
	for _, v := range rules {
		if fr, ok := v.Get(); ok && fr.GetTarget() != "" {
			j.targets = append(j.targets, facts.RelativePath(fr.GetTarget()))
		}
	}
}

// A describedObject says of itself which Ingress it is of.
type describedObject interface {
	computeObject
	GetDescription() string
}

// errWhose: the description fits, but it may be another cluster's object.
var errWhose = errors.New("an object of this description is there; whether it is this cluster's can't be told")

// ownObject finds the Ingress's forwarding rule or target proxy: the one that has
// GLBC's name for it, else the one that was written on the Ingress, else the one that
// describes itself so.
func ownObject[T describedObject](j *frontendJoin, list facts.Value[[]T], key string, nameOf func(FrontendNames) string, fits func(T) bool) facts.Value[T] {
	if names, ok := j.names.Get(); ok {
		if v := inScope(list, j.scope, nameOf(names)); !v.IsAbsent() {
			return v
		}
	}
	if name := j.written(key); name != "" {
		v := inScope(list, j.scope, name)
		if o, ok := v.Get(); ok && (describes(o.GetDescription(), j.ing) || !describesAny(o.GetDescription())) {
			return v
		}
	}
	var candidates []T
	all, _ := list.Get()
	for _, o := range all {
		if scopeIn(o.GetSelfLink()) == j.scope && describes(o.GetDescription(), j.ing) && !j.foreign(o.GetName()) && (fits == nil || fits(o)) {
			candidates = append(candidates, o)
		}
	}
	if i := slices.IndexFunc(candidates, func(o T) bool { return j.surely(o) }); i >= 0 {
		return facts.Found(candidates[i])
	}
	if len(candidates) > 0 {
		return facts.Unknown[T](errWhose)
	}
	return inScope(list, j.scope, "")
}

// surely reports that an object that describes itself as the Ingress's, and isn't
// known for another cluster's, is this cluster's: its name carries this cluster's
// UID, it has the Ingress's address, or a forwarding rule of the Ingress leads to it.
func (j *frontendJoin) surely(o computeNamed) bool {
	if n, ok := ParseName(o.GetName()); ok && (n.ClusterHash != "" && j.kubeUID != "" || n.UID != "" && j.ingressUID != "") {
		return true
	}
	if fr, ok := o.(interface{ GetIPAddress() string }); ok {
		return fr.GetIPAddress() != "" && fr.GetIPAddress() == Address(j.ing)
	}
	return slices.Contains(j.targets, facts.RelativePath(o.GetSelfLink()))
}

// urlMap finds a URL map, which has no description: by name, or by the proxies that
// lead to it.
func (j *frontendJoin) urlMap(key string, nameOf func(FrontendNames) string, f Frontend, redirect bool) facts.Value[*computepb.UrlMap] {
	names, ok := j.names.Get()
	if ok && nameOf(names) != "" {
		if v := inScope(j.s.URLMaps, j.scope, nameOf(names)); !v.IsAbsent() {
			return v
		}
	}
	if name := j.written(key); name != "" {
		if v := inScope(j.s.URLMaps, j.scope, name); !v.IsAbsent() {
			return v
		}
	}
	for _, url := range f.urlMaps() {
		name := facts.LastSegment(url)
		if n, parsed := ParseName(name); parsed && (n.Kind == NameRedirectMap) == redirect && !j.foreign(name) && scopeIn(url) == j.scope {
			return inScope(j.s.URLMaps, j.scope, name)
		}
	}
	if ok {
		return inScope(j.s.URLMaps, j.scope, "")
	}
	return facts.Unknown[*computepb.UrlMap](j.names.Err())
}

// urlMaps are the URLs of the maps that the proxies name.
func (f Frontend) urlMaps() []string {
	var urls []string
	if p, ok := f.HTTPSProxy.Get(); ok {
		urls = append(urls, p.GetUrlMap())
	}
	if p, ok := f.HTTPProxy.Get(); ok {
		urls = append(urls, p.GetUrlMap())
	}
	return urls
}

func (j *frontendJoin) certificates(proxy facts.Value[*computepb.TargetHttpsProxy]) []FrontendCertificate {
	var list []FrontendCertificate
	add := func(scope, name string) {
		list = append(list, FrontendCertificate{name, inScope(j.s.SSLCertificates, scope, name)})
	}
	if p, ok := proxy.Get(); ok {
		for _, url := range p.GetSslCertificates() {
			add(scopeIn(url), facts.LastSegment(url))
		}
		return list
	}
	for _, name := range splitNames(j.ing.Annotations[statusPrefix+"ssl-cert"]) {
		if !j.foreign(name) {
			add(j.scope, name)
		}
	}
	return list
}

func (j *frontendJoin) address(f Frontend) facts.Value[*computepb.Address] {
	if name := StaticIPName(j.ing); name != "" {
		return inScope(j.s.Addresses, j.scope, name)
	}
	if name := j.written("static-ip"); name != "" {
		if v := inScope(j.s.Addresses, j.scope, name); !v.IsAbsent() {
			return v
		}
	}
	ip := f.IP()
	if ip == "" {
		ip = Address(j.ing)
	}
	all, _ := j.s.Addresses.Get()
	for _, a := range all {
		if ip != "" && a.GetAddress() == ip && scopeIn(a.GetSelfLink()) == j.scope {
			return facts.Found(a)
		}
	}
	return inScope(j.s.Addresses, j.scope, "")
}
