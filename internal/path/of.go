package path

import (
	"slices"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// Evidence is what signals say that no list shows.
type Evidence struct {
	// Logged are the endpoints that health-check entries call UNHEALTHY; they count
	// where the live health couldn't be read.
	Logged []glbc.LoggedEndpoint
	// Answered are endpoints that answered a prober of Google's, as the health-check
	// log or what the load balancer says of requests shows: packets do get in.
	Answered []Answer
}

// An Answer is what an endpoint said to Google's probers, right or wrong.
type Answer struct {
	// Group is the NEG (by number) or instance group (by name) of the entry.
	Group facts.Ref
	IP    string
	// Port is what was asked; 0 where it isn't told.
	Port int
	// Says is the answer in a word or two: "307".
	Says string
}

// Graces: how long objects may take to be built, and edits to be applied, before what
// is missing or different counts (scenario-format.md, `pending`).
const (
	buildGrace = 10 * time.Minute
	editGrace  = 2 * time.Minute
)

// Of is the path of a target: an Ingress, a Gateway, a Service (that of the Ingress
// that leads to it, with this Service alone), or what stands for itself outside
// clusters: a BackendService or a Certificate. Every path has all Stations. A hop is
// Broken only where something read says so; what couldn't be read is Unknown.
func Of(s *facts.Snapshot, target facts.Ref, evidence Evidence) Path {
	t := newTracer(s, target, evidence)
	judges := map[Station]func(*judgement){
		DNS: t.dns, Address: t.address, ForwardingRule: t.forwardingRule, Proxy: t.proxy, URLMap: t.urlMap,
		BackendService: t.backendService, HealthCheck: t.healthCheck, Firewall: t.firewall, Group: t.group,
		Service: t.service, Pods: t.pods, App: t.app,
	}
	p := Path{Target: target}
	for _, station := range Stations {
		j := &judgement{station: station}
		if judge := judges[station]; t.reaches(station) {
			judge(j)
		} else {
			j.notApplicable(t.nothing)
		}
		p.Hops = append(p.Hops, j.hop())
	}
	return p
}

// A tracer holds what the stations of one path share.
type tracer struct {
	s        *facts.Snapshot
	evidence Evidence
	target   facts.Ref

	ing         *networkingv1.Ingress
	class       glbc.Class
	translation glbc.Translation
	built       glbc.Frontend

	gateway *gatewayv1.Gateway

	// front is what is in front of the backends of anything but an Ingress.
	front front
	// certificate is set for a target that is one.
	certificate facts.Value[glbc.Certificate]
	// backends are those judged; only names the one Service that they are limited to.
	backends []glbc.Backend
	only     string
	// nothing is why GKE built nothing for the target; empty where it did, or should.
	nothing string
}

func newTracer(s *facts.Snapshot, target facts.Ref, evidence Evidence) *tracer {
	t := &tracer{s: s, evidence: evidence, target: target}
	switch target.Kind {
	case facts.KindIngress:
		t.ingress(ingressNamed(s, target.Namespace, target.Name))
	case facts.KindService:
		t.serviceTarget()
	case facts.KindGateway:
		t.traceGateway()
	case facts.KindBackendService:
		for _, bs := range glbc.BackendServicesOf(s, target) {
			t.backends = append(t.backends, glbc.BackendOf(s, bs))
			t.front.behind(s, bs)
		}
		if len(t.backends) == 0 {
			t.backends = []glbc.Backend{{BackendService: missing(s.BackendServices, target.Scope)}}
		}
	case facts.KindCertificate:
		t.certificate = glbc.CertificateOf(s, target)
		t.front.presenting(s, target)
	default:
		t.nothing = "there is no path for " + target.Kind
	}
	return t
}

// missing is what isn't in a list: absent only if its scope was read.
func missing(list facts.Value[[]*computepb.BackendService], scope string) facts.Value[*computepb.BackendService] {
	if list.Lacks(scope) {
		return facts.Unknown[*computepb.BackendService](list.Err())
	}
	return facts.Absent[*computepb.BackendService]()
}

func ingressNamed(s *facts.Snapshot, namespace, name string) *networkingv1.Ingress {
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if ing.Namespace == namespace && ing.Name == name {
			return ing
		}
	}
	return nil
}

// ingress traces an Ingress; nil is one that isn't there, or wasn't read.
func (t *tracer) ingress(ing *networkingv1.Ingress) {
	if ing == nil {
		return
	}
	t.ing = ing
	t.class = glbc.ClassIn(t.s, ing)
	t.nothing = glbc.WhyNotServed(t.s, ing)
	if t.class.Unsure {
		t.nothing = ""
	}
	t.translation = glbc.Translate(t.s, ing)
	t.built = glbc.FrontendOf(t.s, ing)
	for _, b := range glbc.Backends(t.s, ing) {
		if t.only == "" || b.Service == t.only {
			t.backends = append(t.backends, b)
		}
	}
}

// serviceTarget traces the first Ingress that GLBC serves and that leads to the
// Service; else the Service alone.
func (t *tracer) serviceTarget() {
	t.only = t.target.Name
	all, _ := t.s.Ingresses.Get()
	for _, ing := range all {
		if ing.Namespace == t.target.Namespace && glbc.WhyNotServed(t.s, ing) == "" && leadsTo(t.s, ing, t.only) {
			t.ingress(ing)
			return
		}
	}
	if t.gatewayTo(t.target.Namespace, t.only) {
		return
	}
	b := glbc.Backend{Namespace: t.target.Namespace, Service: t.only, Object: glbc.ServiceOf(t.s, t.target.Namespace, t.only)}
	if svc, ok := b.Object.Get(); ok && len(svc.Spec.Ports) > 0 {
		b.ServicePort = &svc.Spec.Ports[0]
		b.Port.Number = b.ServicePort.Port
	}
	t.backends = []glbc.Backend{b}
	if t.s.Ingresses.Known() {
		t.nothing = "no Ingress or Gateway that was read leads to the Service"
	}
}

func leadsTo(s *facts.Snapshot, ing *networkingv1.Ingress, service string) bool {
	return slices.ContainsFunc(glbc.Backends(s, ing), func(b glbc.Backend) bool { return b.Service == service })
}

// reaches reports that the target's path has a station: without a load balancer there
// are only a Service and its pods, and a certificate ends at the proxy.
func (t *tracer) reaches(station Station) bool {
	if t.target.Kind == facts.KindCertificate {
		return station == DNS || station == Address || station == ForwardingRule || station == Proxy
	}
	switch station {
	case Service, Pods, App:
		return true
	case DNS, Address:
		return t.nothing == "" || t.ing != nil && glbc.Address(t.ing) != ""
	case ForwardingRule, Proxy, URLMap, BackendService, HealthCheck, Firewall, Group:
	}
	return t.nothing == ""
}

// targetUnread is why the target's own object isn't there to judge by; false where it
// is, or none is needed.
func (t *tracer) targetUnread(j *judgement) bool {
	var err error
	switch {
	case t.target.Kind == facts.KindIngress && t.ing == nil:
		err = t.s.Ingresses.Err()
	case t.target.Kind == facts.KindGateway && t.gateway == nil:
		err = t.s.Gateways.Err()
	case t.target.Kind == facts.KindService && t.ing == nil && t.gateway == nil && t.nothing == "":
		err = t.s.Ingresses.Err()
	default:
		return false
	}
	if err == nil {
		j.unknown("%s is not among what was read", t.target)
		return true
	}
	j.unread(t.target.String(), err)
	return true
}

// internal reports that the load balancer has addresses of a VPC network.
func (t *tracer) internal() bool {
	if t.ing != nil {
		return t.class.Internal
	}
	return t.front.internal()
}

// addresses are what the load balancer answers on: of the target's status, else of
// its forwarding rules.
func (t *tracer) addresses() []string {
	switch {
	case t.ing != nil:
		if a := glbc.Address(t.ing); a != "" {
			return []string{a}
		}
		return nil
	case t.gateway != nil:
		return gatewayAddresses(t.gateway)
	}
	return t.front.addresses()
}

// hosts are those that the target serves, each once; without wildcards and names that
// DNS can't be asked for.
func (t *tracer) hosts() []string {
	var hosts []string
	switch {
	case t.ing != nil:
		for _, h := range glbc.Hosts(t.ing) {
			if t.only == "" || t.servesHere(h) {
				hosts = append(hosts, h)
			}
		}
	case t.gateway != nil:
		hosts = t.gatewayHosts()
	case t.target.Kind == facts.KindCertificate:
		if c, ok := t.certificate.Get(); ok {
			for _, d := range c.Domains {
				hosts = append(hosts, d.Name)
			}
		}
	default:
		for _, m := range t.front.maps {
			hosts = append(hosts, glbc.HostsOf(m)...)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

func (t *tracer) servesHere(host string) bool {
	return slices.ContainsFunc(t.backends, func(b glbc.Backend) bool { return slices.Contains(b.Hosts, host) })
}

// changedWithin reports that the target was written so lately that the controller may
// still be at it.
func (t *tracer) changedWithin(grace time.Duration) bool {
	var at time.Time
	switch {
	case t.ing != nil:
		at = t.ing.CreationTimestamp.Time
		for _, f := range t.ing.ManagedFields {
			if f.Time != nil && f.Subresource == "" && f.Manager != "glbc" && f.Time.After(at) {
				at = f.Time.Time
			}
		}
	case t.gateway != nil:
		at = t.gateway.CreationTimestamp.Time
		for _, f := range t.gateway.ManagedFields {
			if f.Time != nil && f.Subresource == "" && f.Time.After(at) {
				at = f.Time.Time
			}
		}
	}
	return !at.IsZero() && t.s.Now.Sub(at) < grace
}

// faults marks what makes the controller's sync stop at a station's stages.
func (t *tracer) faults(j *judgement, wanted func(glbc.Fault) bool) {
	for _, f := range t.translation.Faults {
		if !wanted(f) {
			continue
		}
		j.differs(f.On, f.Field, "", faultText(f))
		j.on(f.On)
		switch {
		case f.Warning:
		case t.changedWithin(editGrace):
			j.unknown("%s, a moment after a change", faultText(f))
		default:
			j.broken("%s", faultText(f))
		}
	}
	for _, f := range t.translation.Undecided {
		if wanted(f) && !f.Warning {
			j.unread("whether "+faultText(f), f.Err)
		}
	}
}

func faultText(f glbc.Fault) string {
	text := string(f.Code)
	if f.Variant != "" {
		text += " (" + f.Variant + ")"
	}
	if !f.Names.IsZero() {
		text += ": " + f.Names.String()
	}
	return text
}
