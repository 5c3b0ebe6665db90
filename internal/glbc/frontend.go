package glbc

import (
	"errors"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// A Frontend is what GLBC built in front of the backend services of an Ingress, as it
// lives. A Value is absent only where the object surely isn't there.
type Frontend struct {
	// Scope is global, or regions/R of the cluster's region.
	Scope string
	// Names are those that GLBC gives; unknown where the UID that they carry is.
	Names facts.Value[FrontendNames]

	HTTP, HTTPS facts.Value[*computepb.ForwardingRule]
	HTTPProxy   facts.Value[*computepb.TargetHttpProxy]
	HTTPSProxy  facts.Value[*computepb.TargetHttpsProxy]
	URLMap      facts.Value[*computepb.UrlMap]
	// RedirectMap is the map that sends plain HTTP to HTTPS, where the FrontendConfig
	// asks for it.
	RedirectMap facts.Value[*computepb.UrlMap]
	// Certificates are those of HTTPSProxy, or those that GLBC wrote on the Ingress
	// where there is no proxy.
	Certificates []FrontendCertificate
	// Address is the reserved address: the one that the Ingress names, that GLBC
	// reserved, or that the forwarding rules have; absent for one that isn't reserved.
	Address facts.Value[*computepb.Address]
}

// A FrontendCertificate is a certificate that a target proxy names.
type FrontendCertificate struct {
	Name string
	Live facts.Value[*computepb.SslCertificate]
}

// Annotations that GLBC writes on an Ingress: the names of what it made
// (ingress-controller.md §3).
const statusPrefix = "ingress.kubernetes.io/"

// FrontendOf joins an Ingress with its live frontend. An object is the Ingress's by
// its name; where the cluster's UID isn't known, by the names that GLBC wrote on the
// Ingress, or by its description, which says nothing of the cluster: several clusters
// of a project may have an Ingress of this name, so the object's name must not be
// another cluster's, and its address that of the Ingress (ingress-controller.md §6).
func FrontendOf(s *facts.Snapshot, ing *networkingv1.Ingress) Frontend {
	j := newFrontendJoin(s, ing)
	f := Frontend{Scope: j.scope, Names: j.names}
	f.HTTP = ownObject(j, s.ForwardingRules, "forwarding-rule", func(n FrontendNames) string { return n.ForwardingRule }, func(fr *computepb.ForwardingRule) bool { return serves(fr, "80") })
	f.HTTPS = ownObject(j, s.ForwardingRules, "https-forwarding-rule", func(n FrontendNames) string { return n.HTTPSForwardingRule }, func(fr *computepb.ForwardingRule) bool { return serves(fr, "443") })
	j.trust(f.HTTP, f.HTTPS)
	f.HTTPProxy = ownObject(j, s.TargetHTTPProxies, "target-proxy", func(n FrontendNames) string { return n.TargetProxy }, nil)
	f.HTTPSProxy = ownObject(j, s.TargetHTTPSProxies, "https-target-proxy", func(n FrontendNames) string { return n.HTTPSTargetProxy }, nil)
	f.URLMap = j.urlMap("url-map", func(n FrontendNames) string { return n.URLMap }, f, false)
	f.RedirectMap = j.urlMap("redirect-url-map", func(n FrontendNames) string { return n.RedirectMap }, f, true)
	f.Certificates = j.certificates(f.HTTPSProxy)
	f.Address = j.address(f)
	return f
}

// IP is the address of the forwarding rules; empty where none is known.
func (f Frontend) IP() string {
	for _, v := range []facts.Value[*computepb.ForwardingRule]{f.HTTP, f.HTTPS} {
		if fr, ok := v.Get(); ok && fr.GetIPAddress() != "" {
			return fr.GetIPAddress()
		}
	}
	return ""
}

// serves reports that a forwarding rule is for a port; rules of GLBC's have one, as a
// range (80-80).
func serves(fr *computepb.ForwardingRule, port string) bool {
	first, _, _ := strings.Cut(fr.GetPortRange(), "-")
	return first == port || slices.Contains(fr.GetPorts(), port)
}

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

// Used lists the Ingresses whose requests go to a backend service, which several may
// share: its name depends on the Service port only (ingress-controller.md §1.11). path
// is its relative path. err says what couldn't be looked through; the list is what was
// found all the same.
func Used(s *facts.Snapshot, path string) (list []facts.Ref, err error) {
	ingresses, _ := s.Ingresses.Get()
	err = s.Ingresses.Err()
	for _, ing := range ingresses {
		if class := ClassIn(s, ing); !class.Served && !class.Unsure {
			continue
		}
		backends := Backends(s, ing)
		used := slices.ContainsFunc(backends, func(b Backend) bool {
			bs, ok := b.BackendService.Get()
			return ok && Path(bs) == path
		})
		if used {
			list = append(list, RefOf(s, ing))
			continue
		}
		for _, b := range backends {
			if !b.BackendService.Known() {
				err = errors.Join(err, b.BackendService.Err())
				break
			}
		}
	}
	return list, err
}
