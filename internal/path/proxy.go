package path

import (
	"fmt"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// proxy: there is one for each protocol, it names the URL map, and what it presents
// can be used.
func (t *tracer) proxy(j *judgement) {
	if t.targetUnread(j) {
		return
	}
	if t.ing == nil {
		t.linkedProxies(j)
		return
	}
	t.faults(j, func(f glbc.Fault) bool {
		switch f.Stage {
		case glbc.StageTLS, glbc.StageFrontendConfig, glbc.StageProxy, glbc.StageCertificates, glbc.StageHTTPSProxy:
			return true
		}
		return false
	})
	names, _ := t.built.Names.Get()
	if glbc.AllowsHTTP(t.ing) {
		if p, ok := t.built.HTTPProxy.Get(); ok {
			ref := glbc.ComputeRef(facts.KindTargetHTTPProxy, p.GetSelfLink())
			j.on(ref)
			t.names(j, ref, p.GetUrlMap(), true)
		} else {
			t.lacking(j, facts.KindTargetHTTPProxy, names.TargetProxy, "the target HTTP proxy", t.built.HTTPProxy.Err(), t.built.HTTPProxy.IsAbsent(), t.noProxies())
		}
	}
	t.managedCertificates(j)
	if !glbc.WantsHTTPS(t.ing) {
		return
	}
	p, ok := t.built.HTTPSProxy.Get()
	if !ok {
		t.lacking(j, facts.KindTargetHTTPSProxy, names.HTTPSTargetProxy, "the target HTTPS proxy", t.built.HTTPSProxy.Err(), t.built.HTTPSProxy.IsAbsent(), t.noProxies())
		return
	}
	ref := glbc.ComputeRef(facts.KindTargetHTTPSProxy, p.GetSelfLink())
	j.on(ref)
	t.names(j, ref, p.GetUrlMap(), false)
	t.wantedPolicy(j, ref, p.GetSslPolicy())
	t.presents(j, presented{ref, p.GetSslCertificates(), p.GetCertificateMap(), p.GetSslPolicy()})
}

// noProxies: the project lists no proxy at all.
func (t *tracer) noProxies() bool {
	http, _ := t.s.TargetHTTPProxies.Get()
	https, _ := t.s.TargetHTTPSProxies.Get()
	return len(http)+len(https) == 0
}

// names compares the map that a proxy names with the Ingress's own; plain HTTP may
// have the map that redirects.
func (t *tracer) names(j *judgement, proxy facts.Ref, have string, plain bool) {
	own, redirect := urlOf(t.built.URLMap), urlOf(t.built.RedirectMap)
	if own == "" || have == "" || same(own, have) || plain && (same(redirect, have) || !t.built.RedirectMap.Known()) {
		j.ok(proxy.Name)
		return
	}
	j.differs(proxy, "urlMap", facts.LastSegment(own), facts.LastSegment(have))
	t.wrong(j, "%s names URL map %s, not the Ingress's", proxy.Name, facts.LastSegment(have))
}

// wantedPolicy compares the proxy's SSL policy with the FrontendConfig's; nil there
// leaves it alone (ingress-controller.md §1.4).
func (t *tracer) wantedPolicy(j *judgement, proxy facts.Ref, have string) {
	fc, ok := glbc.FrontendConfigOf(t.s, t.ing).Get()
	if !ok || fc.Spec.SSLPolicy == nil {
		return
	}
	if got := facts.LastSegment(have); got != *fc.Spec.SSLPolicy {
		j.differs(proxy, "sslPolicy", *fc.Spec.SSLPolicy, got)
	}
}

// presented is what a proxy that ends TLS shows its clients.
type presented struct {
	proxy          facts.Ref
	certificates   []string
	certificateMap string
	policy         string
}

// presents judges the certificates and the policy of a proxy.
func (t *tracer) presents(j *judgement, p presented) {
	if p.policy != "" {
		ref := glbc.ComputeRef(facts.KindSSLPolicy, p.policy)
		j.on(ref)
		if !isOneOf(linkedFrom(t.s.SSLPolicies, func(*computepb.SslPolicy) bool { return true }), p.policy) {
			j.unread(ref.String(), t.s.SSLPolicies.Err())
		}
	}
	if p.certificateMap != "" {
		// Where a proxy has a map, its certificates aren't used.
		t.certificateMap(j, p.certificateMap)
		return
	}
	t.certificates(j, p)
}

// linkedProxies judges the proxies that the links lead to.
func (t *tracer) linkedProxies(j *judgement) {
	for _, p := range t.front.http {
		j.on(glbc.ComputeRef(facts.KindTargetHTTPProxy, p.GetSelfLink()))
		j.ok(p.GetName())
	}
	for _, p := range t.front.tcp {
		j.on(glbc.ComputeRef(facts.KindTargetTCPProxy, p.GetSelfLink()))
		j.ok(p.GetName())
	}
	for _, p := range t.front.https {
		ref := glbc.ComputeRef(facts.KindTargetHTTPSProxy, p.GetSelfLink())
		j.on(ref)
		j.ok(p.GetName())
		t.presents(j, presented{ref, p.GetSslCertificates(), p.GetCertificateMap(), p.GetSslPolicy()})
	}
	for _, p := range t.front.ssl {
		ref := glbc.ComputeRef(facts.KindTargetSSLProxy, p.GetSelfLink())
		j.on(ref)
		j.ok(p.GetName())
		t.presents(j, presented{ref, p.GetSslCertificates(), p.GetCertificateMap(), p.GetSslPolicy()})
	}
	if t.target.Kind == facts.KindCertificate {
		t.ownCertificate(j)
	}
	if len(j.seen) > 0 {
		return
	}
	t.noLinkedProxy(j)
}

// noLinkedProxy judges rules that lead to no proxy that was read.
func (t *tracer) noLinkedProxy(j *judgement) {
	for _, fr := range t.front.rules {
		switch ref := proxyRef(fr.GetTarget()); {
		case !ref.IsZero():
			j.unread(ref.String(), t.proxyErr(ref.Kind))
		case fr.GetBackendService() != "":
			j.notApplicable("a passthrough load balancer has no proxy")
		}
	}
	if len(t.front.rules) > 0 {
		return
	}
	if t.gateway != nil && len(t.addresses()) == 0 {
		t.unbuilt(j, "target proxy")
		return
	}
	j.unknown("no proxy of the project leads here")
}

func (t *tracer) proxyErr(kind string) error {
	switch kind {
	case facts.KindTargetHTTPProxy:
		return t.s.TargetHTTPProxies.Err()
	case facts.KindTargetHTTPSProxy:
		return t.s.TargetHTTPSProxies.Err()
	case facts.KindTargetSSLProxy:
		return t.s.TargetSSLProxies.Err()
	}
	return t.s.TargetTCPProxies.Err()
}

// covers reports that a certificate for a name is good for a host: the same, or a
// wildcard for its first label.
func covers(name, host string) bool {
	name, host = strings.ToLower(name), strings.ToLower(host)
	if parent, ok := strings.CutPrefix(name, "*."); ok {
		_, rest, found := strings.Cut(host, ".")
		return found && rest == parent
	}
	return name == host
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
