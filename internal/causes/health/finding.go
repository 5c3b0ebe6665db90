package health

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// finding fills in what all health causes share: who must change, who suffers, how
// much, since when, and the facts of the check.
func (b *backend) finding(c cause.Case, confidence cause.Confidence) cause.Finding {
	f := cause.Finding{
		Subject:    b.subject(c.Facts.ClusterName),
		Confidence: confidence,
		Severity:   cause.Degraded,
		On:         []facts.Ref{b.Ref(c.Facts.ClusterName)},
		Affected:   b.users(c.Facts),
		Hosts:      b.Hosts,
		Impact:     fmt.Sprintf("%d of %d endpoints unhealthy", len(b.bad), len(b.all)),
		Since:      b.since(c),
	}
	if len(f.Affected) == 0 {
		f.Affected = []facts.Ref{c.Target}
	}
	if !slices.ContainsFunc(b.all, glbc.Endpoint.Healthy) {
		f.Severity = cause.Outage
		f.Impact += b.withoutHealthy()
	}
	bs, _ := b.BackendService.Get()
	hc, _ := b.HealthCheck.Get()
	f.Evidence = append(f.Evidence, cause.Evidence{
		Source: "compute.backendServices.getHealth",
		Says:   fmt.Sprintf("%s: %d of %d endpoints UNHEALTHY", bs.GetName(), len(b.bad), len(b.all)),
		Link:   cause.ComputeLink(glbc.Path(bs)),
	}, cause.Evidence{
		Source: "compute.healthChecks.list",
		Says:   fmt.Sprintf("%s asks %s GET %s, accepts only 200 and follows no redirect", hc.GetName(), b.check.Type, b.where()),
		Link:   cause.ComputeLink(facts.RelativePath(hc.GetSelfLink())),
	})
	f.Evidence = append(f.Evidence, b.answered(c.Facts.Project)...)
	if b.readiness.talks() {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "probe of " + b.readiness.asked.Pod, Says: fmt.Sprintf("%s, as the kubelet asks → %d", askedOf(b.readiness.asked), b.readiness.Status)})
	}
	if b.refused != "" {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "our probe", Says: "the API server could not connect to the pod: " + b.refused})
	}
	if ready := b.readyPods(); ready > 0 {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.pods.list", Says: fmt.Sprintf("%d of %d of their pods are Ready for the kubelet", ready, len(b.pods))})
	}
	return f
}

// withoutHealthy is what comes of no endpoint being HEALTHY.
func (b *backend) withoutHealthy() string {
	bs, ok := b.BackendService.Get()
	switch protocol := bs.GetProtocol(); {
	case ok && b.Service == "" && glbc.Passthrough(bs):
		return ", so the load balancer has none to prefer for this " + b.kind()
	case ok && b.Service == "" && (protocol == "TCP" || protocol == "SSL"):
		return ", so the load balancer closes connections for this " + b.kind()
	}
	return ", so the load balancer answers 502 or 503 for this " + b.kind()
}

// kind is what the backend is to the load balancer: a Service, or a backend service
// of its own.
func (b *backend) kind() string {
	if b.Service == "" {
		return "backend service"
	}
	return "Service"
}

// answered says what was seen, once for each answer: the probe's first, the log's
// with the number of endpoints that gave it.
func (b *backend) answered(project string) (list []cause.Evidence) {
	times := map[answer]int{}
	key := func(a answer) answer { return answer{probed: a.probed, status: a.status, location: b.leads(a)} }
	for _, a := range b.answers {
		times[key(a)]++
	}
	for _, a := range b.answers {
		n := times[key(a)]
		if n == 0 {
			continue
		}
		times[key(a)] = 0
		e := cause.Evidence{Source: a.source, Says: fmt.Sprintf("GET %s → %d%s", b.where(), a.status, b.leads(a))}
		if n > 1 {
			e.Says += fmt.Sprintf(" (%d times the same)", n)
		}
		if a.entry != "" {
			e.Link = cause.EntryLink(project, a.entry, a.at)
		}
		list = append(list, e)
	}
	return list
}

// where is the check's port and path: ":8080/healthz".
func (b *backend) where() string {
	if b.port == 0 && b.check.Port == 0 {
		return b.check.Path
	}
	return fmt.Sprintf(":%d%s", cmp.Or(b.port, b.check.Port), b.check.Path)
}

// subject is the workload that answers; the Service, where no pod tells.
func (b *backend) subject(cluster string) facts.Ref {
	for _, pod := range b.pods {
		if ref := glbc.WorkloadOf(cluster, pod); ref.Kind != facts.KindPod {
			return ref
		}
	}
	return b.Ref(cluster)
}

// users are the Ingresses that send requests to the same Service port; the Gateways,
// for a Gateway's backend: an Ingress's has a check of its own.
func (b *backend) users(s *facts.Snapshot) []facts.Ref {
	var refs []facts.Ref
	if b.Gateway {
		return b.gateways(s)
	}
	all, _ := s.Ingresses.Get()
	for _, ing := range all {
		if ing.Namespace != b.Namespace || !glbc.Serves(s, ing) {
			continue
		}
		if slices.ContainsFunc(glbc.Backends(s, ing), b.same) {
			refs = append(refs, facts.Ref{Cluster: s.ClusterName, Kind: facts.KindIngress, Namespace: ing.Namespace, Name: ing.Name})
		}
	}
	return refs
}

func (b *backend) gateways(s *facts.Snapshot) []facts.Ref {
	var refs []facts.Ref
	all, _ := s.Gateways.Get()
	for _, g := range all {
		if glbc.SurelyServesGateway(s, g) && slices.ContainsFunc(glbc.GatewayBackends(s, g), func(o glbc.Backend) bool { return o.Namespace == b.Namespace && b.same(o) }) {
			refs = append(refs, glbc.GatewayRef(s, g))
		}
	}
	return refs
}

func (b *backend) same(other glbc.Backend) bool {
	return other.Service == b.Service && other.ServicePort != nil && b.ServicePort != nil && other.ServicePort.Port == b.ServicePort.Port
}

// since is the earliest transition of the current failure that the log tells.
func (b *backend) since(c cause.Case) time.Time {
	var at time.Time
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged || !b.concerns(c.Facts, s) {
			continue
		}
		if s.Health.State != "UNHEALTHY" {
			break
		}
		at = s.At
	}
	for _, s := range c.Symptoms {
		if at.IsZero() && s.ID == cause.BackendUnhealthy {
			at = s.Since
		}
	}
	return at
}

func (b *backend) readyPods() (n int) {
	for _, pod := range b.pods {
		if glbc.IsReady(pod) {
			n++
		}
	}
	return n
}
