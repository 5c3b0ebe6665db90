package gateway

import (
	"fmt"
	"strings"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// settled is how long the controller may take to judge an object anew after what it
// refers to has changed.
const settled = 5 * time.Minute

// refused is a finding about what the controller of a Gateway refuses, with what all of
// them share.
func refused(c cause.Case, g *gatewayv1.Gateway, subject facts.Ref) cause.Finding {
	return cause.Finding{
		Subject: subject, Confidence: cause.Proven, Severity: cause.Blocked,
		Affected: []facts.Ref{c.Target}, Hosts: glbc.GatewayHosts(c.Facts, g),
	}
}

// condition is the controller's word as evidence.
func condition(r glbc.Refusal) cause.Evidence {
	status := "False"
	if r.Type == "Conflicted" {
		status = "True"
	}
	where := ""
	if r.Listener != "" {
		where = ", listener " + r.Listener
	}
	return cause.Evidence{Source: "status of " + r.On.Kind + "/" + r.On.Name + where, Says: strings.TrimSuffix(fmt.Sprintf("%s is %s, %s: %s", r.Type, status, r.Reason, r.Message), ": ")}
}

// hostsOf are the hosts of an HTTPRoute.
func hostsOf(r *gatewayv1.HTTPRoute) []string {
	var hosts []string
	for _, h := range r.Spec.Hostnames {
		hosts = append(hosts, string(h))
	}
	return hosts
}

func routeNamed(s *facts.Snapshot, ref facts.Ref) (*gatewayv1.HTTPRoute, bool) {
	all, _ := s.HTTPRoutes.Get()
	for _, r := range all {
		if r.Namespace == ref.Namespace && r.Name == ref.Name {
			return r, true
		}
	}
	return nil, false
}

// broke is the write of an object that made the controller refuse it: the newest before
// the refusal, and no more than a controller's round before it.
func broke(c cause.Case, ref facts.Ref, path string, since time.Time) *cause.Change {
	ch := c.Wrote(ref, path)
	if ch == nil || since.IsZero() || ch.At.After(since.Add(time.Second)) || since.Sub(ch.At) > 2*settled {
		return nil
	}
	return ch
}

// jsonPatch is the command that changes one field of an object.
func jsonPatch(kind string, ref facts.Ref, op, path, value string) string {
	return fmt.Sprintf(`kubectl patch %s %s -n %s --type json -p '[{"op":"%s","path":"%s","value":%s}]'`, kind, ref.Name, ref.Namespace, op, path, value)
}

// deref is what a pointer of the API leads to, or nothing.
func deref[T ~string](v *T) string {
	if v == nil {
		return ""
	}
	return string(*v)
}
