package gateway

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
	"plumbline/internal/signal"
)

// A checked is one backend of a Gateway whose endpoints fail its health check, with what
// was seen of the answers.
type checked struct {
	glbc.Backend
	check glbc.Check
	all   []glbc.Endpoint
	bad   []glbc.Endpoint
	pods  []*corev1.Pod
	port  int32
	// status is the answer that was seen, 0 for none; source says who saw it.
	status   int
	source   string
	location string
	at       time.Time
	probed   bool
	entry    string
	// silent is what came instead of an answer: a refused connection, a time-out.
	silent string
}

// failing are the Gateway's backends whose endpoints fail.
func failing(c cause.Case) (list []checked) {
	if c.Target.Kind != facts.KindGateway {
		return nil
	}
	for _, b := range c.Backends() {
		hc, ok := b.HealthCheck.Get()
		if !ok {
			continue
		}
		k := checked{Backend: b, check: glbc.CheckOf(hc)}
		k.all, k.bad = glbc.FailingEndpoints(c.Facts, b, c.LoggedUnhealthy())
		if len(k.bad) == 0 {
			continue
		}
		k.pods = glbc.PodsBehind(c.Facts, b, k.bad)
		k.ask(c)
		k.readLog(c)
		list = append(list, k)
	}
	return list
}

// ask takes our own probe's answers: the worst of them counts.
func (k *checked) ask(c cause.Case) {
	for _, pod := range k.pods {
		k.port = glbc.CheckedPort(k.Backend, k.check, glbc.EndpointOf(k.bad, pod), pod)
		req := facts.ProbeRequest{Namespace: pod.Namespace, Pod: pod.Name, Port: k.port, Scheme: k.check.Scheme(), Path: k.check.Path}
		a, ok := c.Facts.Probes[req].Get()
		switch {
		case !ok:
		case a.Unreachable != "":
			k.silent = a.Unreachable
		case !k.probed || k.status == 200:
			k.probed, k.status, k.location, k.at, k.source = true, a.Status, a.Location, a.At, "probe of "+pod.Name
		}
	}
}

// readLog takes the newest health-check entry of each failing endpoint, where our own
// probe has no answer.
func (k *checked) readLog(c cause.Case) {
	seen := map[string]bool{}
	for _, s := range c.Entries() {
		if s.Kind != signal.HealthChanged || seen[s.Health.IP] || !k.Logged(c.Facts, cause.Logged(s)) || !slices.ContainsFunc(k.bad, func(e glbc.Endpoint) bool { return e.IP == s.Health.IP }) {
			continue
		}
		seen[s.Health.IP] = true
		switch code := s.Health.StatusCode(); {
		case s.Health.State != "UNHEALTHY":
		case code != 0 && !k.probed:
			k.status, k.at, k.source, k.entry = code, s.At, "health-check log", s.ID
		case code == 0 && k.status == 0 && (s.Health.Detailed == "TIMEOUT" || s.Health.ResultText != ""):
			k.silent = strings.ToLower(s.Health.Detailed + " " + s.Health.ResultText)
		}
	}
}

// service is the Service as an object.
func (k *checked) service(c cause.Case) facts.Ref { return k.Ref(c.Facts.ClusterName) }

// reached: packets of Google's probers get in, as far as the firewall was read.
func (k *checked) reached(c cause.Case) bool {
	return c.Path().At(path.Firewall).State == path.OK
}

// finding has what all findings on a failing backend share.
func (k *checked) finding(c cause.Case, subject facts.Ref, confidence cause.Confidence) cause.Finding {
	f := cause.Finding{
		Subject: subject, Confidence: confidence, Severity: cause.Degraded, On: []facts.Ref{k.service(c)},
		Affected: k.gateways(c.Facts), Hosts: k.Hosts, Impact: fmt.Sprintf("%d of %d endpoints unhealthy", len(k.bad), len(k.all)),
	}
	if len(f.Affected) == 0 {
		f.Affected = []facts.Ref{c.Target}
	}
	if !slices.ContainsFunc(k.all, glbc.Endpoint.Healthy) {
		f.Severity = cause.Outage
		f.Impact += ", so the load balancer answers 503 for this Service"
	}
	for _, s := range c.Symptoms {
		if s.ID == cause.BackendUnhealthy && slices.Contains(s.Objects, k.service(c)) {
			f.Since = s.Since
		}
	}
	bs, _ := k.BackendService.Get()
	hc, _ := k.HealthCheck.Get()
	f.Evidence = []cause.Evidence{
		{Source: "compute.backendServices.getHealth", Says: fmt.Sprintf("%s: %d of %d endpoints UNHEALTHY", bs.GetName(), len(k.bad), len(k.all)), Link: cause.ComputeLink(glbc.Path(bs))},
		{Source: "compute.healthChecks.list", Says: fmt.Sprintf("%s asks %s and accepts only 200", hc.GetName(), k.asks()), Link: cause.ComputeLink(facts.RelativePath(hc.GetSelfLink()))},
	}
	if k.status != 0 {
		e := cause.Evidence{Source: k.source, Says: fmt.Sprintf("GET %s → %d%s", k.where(), k.status, k.leads())}
		if k.entry != "" {
			e.Link = cause.EntryLink(c.Facts.Project, k.entry, k.at)
		}
		f.Evidence = append(f.Evidence, e)
	}
	if ready := k.readyPods(); ready > 0 {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.pods.list", Says: fmt.Sprintf("%d of %d of their pods are Ready for the kubelet", ready, len(k.pods))})
	}
	return f
}

// gateways are those that send requests to the same Service port.
func (k *checked) gateways(s *facts.Snapshot) (refs []facts.Ref) {
	all, _ := s.Gateways.Get()
	for _, g := range all {
		if glbc.SurelyServesGateway(s, g) && slices.ContainsFunc(glbc.GatewayBackends(s, g), func(o glbc.Backend) bool {
			return o.Namespace == k.Namespace && o.Service == k.Service && o.Port == k.Port
		}) {
			refs = append(refs, glbc.GatewayRef(s, g))
		}
	}
	return refs
}

func (k *checked) readyPods() (n int) {
	for _, pod := range k.pods {
		if glbc.IsReady(pod) {
			n++
		}
	}
	return n
}

func (k *checked) asks() string {
	if !k.check.HTTP() {
		return k.check.Type
	}
	return k.check.Type + " GET " + k.where()
}

// where is the check's port and path.
func (k *checked) where() string {
	if k.port == 0 {
		return k.check.Path
	}
	return fmt.Sprintf(":%d%s", k.port, k.check.Path)
}

func (k *checked) leads() string {
	if k.location == "" {
		return ""
	}
	return " to " + k.location
}

// readiness is the HTTP readiness probe on the port that serves: its path and scheme, with
// ok false where there is none.
func (k *checked) readiness() (get *corev1.HTTPGetAction, ok bool) {
	for _, pod := range k.pods {
		for _, container := range pod.Spec.Containers {
			if p := container.ReadinessProbe; p != nil && p.HTTPGet != nil && number(container, p.HTTPGet) == k.port && k.port != 0 {
				return p.HTTPGet, true
			}
		}
	}
	return nil, false
}

// number is the port of a probe.
func number(container corev1.Container, get *corev1.HTTPGetAction) int32 {
	for _, p := range container.Ports {
		if get.Port.StrVal != "" && p.Name == get.Port.StrVal {
			return p.ContainerPort
		}
	}
	return get.Port.IntVal
}

// contract is the probe-contract table: what the kubelet, Google's check and our own probe
// asked and got.
func (k *checked) contract() (rows []cause.ContractRow) {
	if len(k.pods) > 0 {
		row := cause.ContractRow{Observer: "kubelet", Asked: "another probe, or none", Got: "not Ready"}
		if k.readyPods() > 0 {
			row.Got = "Ready"
		}
		if get, ok := k.readiness(); ok {
			row.Asked = fmt.Sprintf("GET :%d%s", k.port, get.Path)
		}
		rows = append(rows, row)
	}
	google := cause.ContractRow{Observer: "Google LB", Asked: "GET " + k.where(), Got: "UNHEALTHY", Differs: true}
	if k.status != 0 && !k.probed {
		google.Got = fmt.Sprintf("%d  UNHEALTHY", k.status)
	}
	rows = append(rows, google)
	if k.probed {
		rows = append(rows, cause.ContractRow{Observer: "our probe", Asked: "the same, " + k.at.UTC().Format("15:04"), Got: fmt.Sprint(k.status)})
	}
	return rows
}
