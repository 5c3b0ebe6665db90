package glbc

import (
	"slices"
	"strings"
	"unicode"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
)

// An AskedCertificate is one that a load balancer presents or is asked to present, and
// where it stands.
type AskedCertificate struct {
	Certificate
	// Object is the ManagedCertificate that stands for it; zero where none does.
	Object facts.Ref
	// Attached says whether a target proxy of the load balancer itself has it; unknown
	// where the proxy, or what it names, couldn't be read.
	Attached facts.Value[bool]
	// Overridden: a proxy of the load balancer has it and a certificate map besides, which
	// takes precedence (gcp-facts.md §6).
	Overridden bool
	// Users are all target proxies of the project that have it.
	Users []CertificateUser
	// UsersErr is why some of Users may be missing.
	UsersErr error
}

// Subject is the object that people know it by: the ManagedCertificate, else the
// certificate.
func (a AskedCertificate) Subject() facts.Ref {
	if !a.Object.IsZero() {
		return a.Object
	}
	return a.Ref
}

// AskedCertificates are the certificates of an Ingress or a Gateway, or the one that is
// diagnosed for itself: those that its proxies have, and those that it names, as far as
// they are there. A Secret's is among them once the controller has made it.
func AskedCertificates(s *facts.Snapshot, target facts.Ref) []AskedCertificate {
	a := &asked{s: s}
	switch target.Kind {
	case facts.KindCertificate:
		if c, ok := CertificateOf(s, target).Get(); ok {
			a.proxiesKnown = s.TargetHTTPSProxies.Known() && s.TargetSSLProxies.Known()
			a.add(c, facts.Ref{})
			a.standalone()
		}
	case facts.KindIngress:
		ingresses, _ := s.Ingresses.Get()
		for _, ing := range ingresses {
			if ing.Namespace == target.Namespace && ing.Name == target.Name {
				a.ofIngress(ing)
			}
		}
	case facts.KindGateway:
		if g, ok := GatewayNamed(s, target.Namespace, target.Name).Get(); ok {
			a.ofGateway(g)
		}
	}
	return a.list
}

// asked collects the certificates of one target.
type asked struct {
	s    *facts.Snapshot
	list []AskedCertificate
	// proxies are the target's own; proxiesKnown tells that there are no others.
	proxies      []*computepb.TargetHttpsProxy
	proxiesKnown bool
}

func (a *asked) ofIngress(ing *networkingv1.Ingress) {
	s := a.s
	f := FrontendOf(s, ing)
	a.proxiesKnown = f.HTTPSProxy.Known()
	if p, ok := f.HTTPSProxy.Get(); ok {
		a.proxies = append(a.proxies, p)
	}
	objects, _ := ManagedCertificatesOf(s, ing)
	for _, m := range objects {
		if o, ok := m.Object.Get(); ok {
			a.managed(m.Ref, o)
		}
	}
	for _, name := range splitNames(ing.Annotations[PreSharedCertAnnotation]) {
		if c, ok := inScope(s.SSLCertificates, f.Scope, name).Get(); ok {
			a.add(computeCertificate(ComputeRef(facts.KindCertificate, c.GetSelfLink()), c), facts.Ref{})
		}
	}
	a.presented()
}

func (a *asked) ofGateway(g *gatewayv1.Gateway) {
	f := GatewayFrontendOf(a.s, g)
	a.proxies, a.proxiesKnown = f.HTTPSProxies, f.Err == nil && a.s.TargetHTTPSProxies.Known()
	for _, name := range PreSharedOf(g) {
		if c, ok := inScope(a.s.SSLCertificates, GatewayScope(a.s, g), name).Get(); ok {
			a.add(computeCertificate(ComputeRef(facts.KindCertificate, c.GetSelfLink()), c), facts.Ref{})
		}
	}
	a.presented()
}

// presented adds those that the proxies have, by themselves or through a map.
func (a *asked) presented() {
	for _, p := range a.proxies {
		urls := slices.Clone(p.GetSslCertificates())
		if m := facts.RelativePath(p.GetCertificateMap()); m != "" {
			entries, _ := a.s.CertificateEntries.Get()
			for _, e := range entries {
				if strings.HasPrefix(facts.ScopePath(e.Name), facts.ScopePath(m)+"/") {
					urls = append(urls, e.Certificates...)
				}
			}
		}
		for _, url := range urls {
			ref := ComputeRef(facts.KindCertificate, url)
			if strings.Contains(url, "/locations/") {
				ref = facts.Ref{Project: a.s.Project, Scope: scopeAt(facts.RelativePath(url)), Kind: facts.KindCertificate, Name: facts.LastSegment(url)}
			}
			if c, ok := CertificateOf(a.s, ref).Get(); ok {
				a.add(c, facts.Ref{})
			}
		}
	}
}

// managed adds what a ManagedCertificate stands for. What Compute says of it is newer
// than what the object repeats.
func (a *asked) managed(ref facts.Ref, m *facts.ManagedCertificate) {
	name := m.Status.CertificateName
	if c, ok := inScope(a.s.SSLCertificates, scopeGlobal, name).Get(); ok && name != "" {
		a.add(computeCertificate(ComputeRef(facts.KindCertificate, c.GetSelfLink()), c), ref)
		return
	}
	c := Certificate{
		Ref:     facts.Ref{Project: a.s.Project, Scope: scopeGlobal, Kind: facts.KindCertificate, Name: name},
		Managed: true, Status: snake(m.Status.CertificateStatus),
		Created: m.CreationTimestamp.UTC(), Expires: moment(m.Status.ExpireTime), Names: m.Spec.Domains,
	}
	for _, d := range m.Status.DomainStatus {
		c.Domains = append(c.Domains, CertificateDomain{Name: d.Domain, Status: snake(d.Status)})
	}
	if c.Status == "" {
		c.Status = "PROVISIONING"
	}
	a.add(c, ref)
}

// snake turns the words of a ManagedCertificate into Compute's: FailedNotVisible is
// FAILED_NOT_VISIBLE (gcp-facts.md §6).
func snake(word string) string {
	var b strings.Builder
	for i, r := range word {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

func (a *asked) add(c Certificate, object facts.Ref) {
	if slices.ContainsFunc(a.list, func(have AskedCertificate) bool {
		return have.Ref == c.Ref && have.Manager == c.Manager && c.Ref.Name != ""
	}) {
		return
	}
	one := AskedCertificate{Certificate: c, Object: object}
	one.Users, one.UsersErr = UsersOf(a.s, c)
	own := func(u CertificateUser) bool {
		return slices.ContainsFunc(a.proxies, func(p *computepb.TargetHttpsProxy) bool {
			return ComputeRef(facts.KindTargetHTTPSProxy, p.GetSelfLink()) == u.Proxy
		})
	}
	here := slices.ContainsFunc(one.Users, own)
	one.Overridden = here && !slices.ContainsFunc(one.Users, func(u CertificateUser) bool { return own(u) && !u.Overridden })
	switch {
	case here:
		one.Attached = facts.Found(true)
	case a.proxiesKnown && a.mapsKnown():
		one.Attached = facts.Found(false)
	default:
		one.Attached = facts.Unknown[bool](a.s.TargetHTTPSProxies.Err())
	}
	a.list = append(a.list, one)
}

// standalone: any proxy of the project is one of a certificate that stands for itself.
func (a *asked) standalone() {
	one := &a.list[0]
	one.Overridden = len(one.Users) > 0 && !slices.ContainsFunc(one.Users, func(u CertificateUser) bool { return !u.Overridden })
	switch {
	case len(one.Users) > 0:
		one.Attached = facts.Found(true)
	case one.UsersErr == nil:
		one.Attached = facts.Found(false)
	default:
		one.Attached = facts.Unknown[bool](one.UsersErr)
	}
}

// mapsKnown: whether the certificate is in a map of the proxies can be told.
func (a *asked) mapsKnown() bool {
	return a.s.CertificateEntries.Known() || !slices.ContainsFunc(a.proxies, func(p *computepb.TargetHttpsProxy) bool { return p.GetCertificateMap() != "" })
}

// A NamedManagedCertificate is a ManagedCertificate that an Ingress names.
type NamedManagedCertificate struct {
	Ref    facts.Ref
	Object facts.Value[*facts.ManagedCertificate]
}

// ManagedCertificatesOf are the ManagedCertificates that an Ingress names, in its own
// namespace, whether they are there or not; names is the annotation.
func ManagedCertificatesOf(s *facts.Snapshot, ing *networkingv1.Ingress) (list []NamedManagedCertificate, names string) {
	names = ing.Annotations[ManagedCertsAnnotation]
	all, _ := s.ManagedCertificates.Get()
	for _, name := range splitNames(names) {
		one := NamedManagedCertificate{Ref: facts.Ref{Cluster: s.ClusterName, Kind: facts.KindManagedCertificate, Namespace: ing.Namespace, Name: name}}
		i := slices.IndexFunc(all, func(m *facts.ManagedCertificate) bool { return m.Namespace == ing.Namespace && m.Name == name })
		switch {
		case i >= 0:
			one.Object = facts.Found(all[i])
		case !s.ManagedCertificates.Known():
			one.Object = facts.Unknown[*facts.ManagedCertificate](s.ManagedCertificates.Err())
		case !wasRead(s, ing.Namespace):
			one.Object = facts.Unknown[*facts.ManagedCertificate](errNamespaceNotRead(ing.Namespace))
		default:
			one.Object = facts.Absent[*facts.ManagedCertificate]()
		}
		list = append(list, one)
	}
	return list, names
}

// preSharedOption is how a Gateway's listener names certificates of Compute.
const preSharedOption = gatewayPrefix + "pre-shared-certs"

// PreSharedOf are the certificates of Compute that the listeners of a Gateway name.
func PreSharedOf(g *gatewayv1.Gateway) []string {
	var names []string
	for _, l := range g.Spec.Listeners {
		if l.TLS == nil {
			continue
		}
		for _, name := range splitNames(string(l.TLS.Options[preSharedOption])) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// GatewayScope is where the Compute resources of a Gateway are; empty where its class
// isn't known.
func GatewayScope(s *facts.Snapshot, g *gatewayv1.Gateway) string {
	class, ok := GatewayClassOf(s, g).Get()
	if !ok {
		return ""
	}
	return class.Scope(Region(s))
}

// SSLCertificateIn finds a certificate of Compute in one scope; absent only where that
// scope was read and has none.
func SSLCertificateIn(s *facts.Snapshot, scope, name string) facts.Value[*computepb.SslCertificate] {
	return inScope(s.SSLCertificates, scope, name)
}

// SSLPolicyIn finds an SSL policy in one scope; absent only where that scope was read
// and has none.
func SSLPolicyIn(s *facts.Snapshot, scope, name string) facts.Value[*computepb.SslPolicy] {
	return inScope(s.SSLPolicies, scope, name)
}
