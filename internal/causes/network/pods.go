package network

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// A shut is a backend some of whose pods don't take the load balancer's packets, though
// the firewall may let them in.
type shut struct {
	glbc.Backend
	all, bad []glbc.Endpoint
	pods     []*corev1.Pod
	// port is the pods' port that is concerned; asked: the health check asks it.
	port       int32
	asked      bool
	confidence cause.Confidence
	// out is whom they don't take packets from, for people.
	out string
}

// podFinding fills in what findings about pods share.
func podFinding(c cause.Case, list []shut) cause.Finding {
	f := cause.Finding{Confidence: cause.Proven, Severity: cause.Degraded}
	var parts []string
	asked := false
	for _, b := range list {
		f.Confidence, asked = min(f.Confidence, b.confidence), asked || b.asked
		add(&f.On, b.Ref(c.Facts.ClusterName))
		add(&f.Hosts, b.Hosts...)
		if !b.asked || !slices.ContainsFunc(b.all, glbc.Endpoint.Healthy) {
			f.Severity = cause.Outage
		}
		switch {
		case !b.asked:
			add(&parts, fmt.Sprintf("requests to :%d of %s are dropped, so clients get 502, 503 or 504, though the health check may pass", b.port, b.Title()))
		case len(b.bad) < len(b.all):
			add(&parts, fmt.Sprintf("%d of %d endpoints unhealthy", len(b.bad), len(b.all)))
		default:
			add(&parts, fmt.Sprintf("%d of %d endpoints unhealthy, so the load balancer answers 502 or 503 for %s", len(b.bad), len(b.all), b.Title()))
		}
	}
	f.Impact = strings.Join(parts, "; ")
	f.Affected, f.Since = affected(c, f.On), since(c, f.On)
	if !asked {
		f.Explains = []cause.ID{cause.RequestsFailing}
	}
	return f
}

// podEvidence is what getHealth, log and our own probe say of the pods.
func podEvidence(c cause.Case, list []shut) []cause.Evidence {
	var all []cause.Evidence
	for _, b := range list {
		if bs, ok := b.BackendService.Get(); ok && len(b.bad) > 0 {
			add(&all, cause.Evidence{
				Source: "compute.backendServices.getHealth", Link: cause.ComputeLink(glbc.Path(bs)),
				Says: fmt.Sprintf("%s: %d of %d endpoints UNHEALTHY", bs.GetName(), len(b.bad), len(b.all)),
			})
		}
		if h := newest(c, b.Backend, b.bad); h != nil {
			add(&all, cause.Evidence{Source: "health-check log", Says: h.IP + ": " + strings.TrimSuffix(h.Detailed+", "+strings.TrimPrefix(h.ResultText, "HTTP response: , Error: "), ", ")})
		}
	}
	return all
}

// newest is the last word of the log on one of the endpoints; nil where there is none.
func newest(c cause.Case, b glbc.Backend, bad []glbc.Endpoint) *signal.Health {
	for _, s := range c.Entries() {
		// Where no NEG tells its number, the address must do.
		if s.Kind == signal.HealthChanged && (b.Logged(c.Facts, cause.Logged(s)) || !c.Facts.NEGs.Known()) &&
			slices.ContainsFunc(bad, func(e glbc.Endpoint) bool { return e.IP == s.Health.IP }) {
			return s.Health
		}
	}
	return nil
}

// saysOf is what the log said last of one endpoint; nil where it is silent.
func saysOf(c cause.Case, b glbc.Backend, e glbc.Endpoint) *signal.Health {
	return newest(c, b, []glbc.Endpoint{e})
}

// probedWith is the status that our own probe got from a pod's port; unreachable, why it
// got none. Both are empty where it wasn't asked.
func probedWith(c cause.Case, pod *corev1.Pod, port int32) (status int, unreachable string) {
	for req, v := range c.Probes() {
		a, ok := v.Get()
		if !ok || req.Namespace != pod.Namespace || req.Pod != pod.Name || req.Port != port {
			continue
		}
		if a.Unreachable != "" {
			unreachable = a.Unreachable
		} else {
			status = a.Status
		}
	}
	return status, unreachable
}

// behindBad are the pods that failing endpoints lead to, with the endpoint of each.
func behindBad(c cause.Case, b glbc.Backend, bad []glbc.Endpoint) (pods []*corev1.Pod, ends []glbc.Endpoint) {
	if len(bad) == 0 {
		return nil, nil
	}
	for _, pod := range glbc.PodsBehind(c.Facts, b, bad) {
		pods, ends = append(pods, pod), append(ends, glbc.EndpointOf(bad, pod))
	}
	return pods, ends
}

func podRef(c cause.Case, kind, namespace, name string) facts.Ref {
	return facts.Ref{Cluster: c.Facts.ClusterName, Kind: kind, Namespace: namespace, Name: name}
}
