package gateway

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A HealthCheckPolicy counts only if its targetRef names a Service of its own namespace,
// its type and its section agree, and the controller could attach it; else the check
// stays GET / (carto-selfhosted-helm #848).
var healthCheckPolicyInvalid = cause.Cause{
	ID:       "gateway/health-check-policy-invalid",
	Title:    "A HealthCheckPolicy has no effect",
	Needs:    []facts.Kind{facts.Probes, facts.Pods, facts.NEGs, facts.BackendServices, facts.ThirdPartyObjects, facts.Services, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth},
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, "gateway/health-check-defaults", "health/redirect", "health/path-not-found", "health/status-not-200", "health/auth-required"},
	Check:    checkPolicies,
}

func checkPolicies(c cause.Case) (out cause.Outcome) {
	if c.Target.Kind != facts.KindGateway {
		return out
	}
	policies, _ := c.Facts.HealthCheckPolicies.Get()
	bad := failing(c)
	for _, p := range policies {
		if f, ok := rejected(c, bad, p); ok {
			out.Findings = append(out.Findings, f)
			continue
		}
		for _, k := range bad {
			if why := ineffective(c.Facts, k, p); why != "" {
				out.Findings = append(out.Findings, hasNoEffect(c, k, p, why))
			}
		}
	}
	return out
}

// rejected: the controller says that it could not attach a policy of one of the Gateway's
// Services.
func rejected(c cause.Case, bad []checked, p *facts.HealthCheckPolicy) (f cause.Finding, ok bool) {
	cond, refused := notAttached(p)
	i := slices.IndexFunc(c.Backends(), func(b glbc.Backend) bool { return b.Namespace == p.Namespace && b.Service == p.Spec.TargetRef.Name })
	if !refused || i < 0 {
		return f, false
	}
	b := c.Backends()[i]
	f = cause.Finding{Subject: policyRef(c, p), Confidence: cause.Proven, Severity: cause.Blocked, Affected: []facts.Ref{c.Target}, Hosts: b.Hosts, On: []facts.Ref{b.Ref(c.Facts.ClusterName)}}
	f.Impact = "the health check stays as it was before"
	if j := slices.IndexFunc(bad, func(k checked) bool { return k.Namespace == b.Namespace && k.Service == b.Service }); j >= 0 {
		f = bad[j].finding(c, policyRef(c, p), cause.Proven)
	}
	f.Headline = fmt.Sprintf("HealthCheckPolicy %s/%s is not attached to Service %s (%s)", p.Namespace, p.Name, b.Service, cond.Reason)
	f.Summary = "The controller can't apply the policy as it is, so the health check keeps what it had, or its defaults."
	f.Evidence = append([]cause.Evidence{{Source: "status of HealthCheckPolicy/" + p.Name, Says: strings.TrimSuffix(fmt.Sprintf("%s is False, %s: %s", cond.Type, cond.Reason, cond.Message), ": ")}}, f.Evidence...)
	f.Since = cond.LastTransitionTime.Time
	f.Change = broke(c, policyRef(c, p), "spec", f.Since)
	f.Fix = cause.Fix{
		Summary:  "change the policy as the controller's message says",
		Commands: []string{fmt.Sprintf("kubectl describe healthcheckpolicy %s -n %s", p.Name, p.Namespace)},
	}
	if older, ok := glbc.HealthCheckPolicyOf(c.Facts, p.Namespace, b.Service).Get(); ok && older.Name != p.Name {
		f.Fix = cause.Fix{
			Summary:  fmt.Sprintf("keep one policy for the Service: the older one, %s, counts; move what is needed there and delete this one", older.Name),
			Commands: []string{fmt.Sprintf("kubectl delete healthcheckpolicy %s -n %s", p.Name, p.Namespace)},
		}
	} else if section := sectionOf(p); section != "" {
		f.Fix = fixSection(p, section)
	}
	return f, true
}

// notAttached is the condition that says that a policy isn't attached.
func notAttached(p *facts.HealthCheckPolicy) (metav1.Condition, bool) {
	all := slices.Clone(p.Status.Conditions)
	for _, a := range p.Status.Ancestors {
		all = append(all, a.Conditions...)
	}
	for _, c := range all {
		current := c.ObservedGeneration == 0 || c.ObservedGeneration >= p.Generation
		if (c.Type == "Attached" || c.Type == "Accepted") && c.Status == metav1.ConditionFalse && current && c.Reason != "Pending" {
			return c, true
		}
	}
	return metav1.Condition{}, false
}

func policyRef(c cause.Case, p *facts.HealthCheckPolicy) facts.Ref {
	return facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindHealthCheckPolicy, Namespace: p.Namespace, Name: p.Name}
}

// ineffective is why a policy that was most likely meant for a failing backend does
// nothing for it; empty where it does, or is about something else.
func ineffective(s *facts.Snapshot, k checked, p *facts.HealthCheckPolicy) string {
	t := p.Spec.TargetRef
	target := t.Kind + " " + t.Name
	if own, ok := glbc.HealthCheckPolicyOf(s, k.Namespace, k.Service).Get(); ok {
		section := sectionOf(p)
		if own != p || k.check.Path != "/" {
			return ""
		}
		if section == "" {
			return notApplied(s, k, p)
		}
		return fmt.Sprintf("its type is %s, and its settings are under %s, which the type doesn't read", p.Spec.Default.Config.Type, section)
	}
	if !s.HealthCheckPolicies.Known() {
		return ""
	}
	named := t.Kind == facts.KindService && glbc.ServiceOf(s, p.Namespace, t.Name).IsAbsent()
	switch {
	case p.Namespace != k.Namespace && t.Name == k.Service && (named || t.Namespace == k.Namespace):
		return fmt.Sprintf("it is in namespace %s and the Service in %s: a policy counts in the Service's namespace alone", p.Namespace, k.Namespace)
	case p.Namespace != k.Namespace:
		return ""
	case t.Namespace != "" && t.Namespace != k.Namespace:
		return "its targetRef names namespace " + t.Namespace + ", and only the policy's own counts"
	case t.Kind != facts.KindService && (t.Name == k.Service || owns(k, t)):
		return fmt.Sprintf("its targetRef names %s, and only a Service counts", target)
	case t.Kind == facts.KindService && t.Group != "" && t.Name == k.Service:
		return fmt.Sprintf("its targetRef names group %q, and Services are of the group \"\"", t.Group)
	case named && alone(s, k, p):
		return fmt.Sprintf("its targetRef names Service %s, which doesn't exist", t.Name)
	}
	return ""
}

// notApplied: the policy fits, is there for longer than the controller takes, and the live
// check is still the default.
func notApplied(s *facts.Snapshot, k checked, p *facts.HealthCheckPolicy) string {
	desired, ok := glbc.DesiredGatewayCheck(s, k.Backend).Get()
	if !ok || desired.Check.Path == k.check.Path && desired.Check.Type == k.check.Type || s.Now.Sub(p.CreationTimestamp.Time) < settled {
		return ""
	}
	return fmt.Sprintf("the controller has not applied it: it asks for %s %s, and the live check is %s %s", desired.Check.Type, desired.Check.Path, k.check.Type, k.check.Path)
}

// owns: the target is the workload of the backend's pods.
func owns(k checked, t facts.PolicyTarget) bool {
	return slices.ContainsFunc(k.pods, func(pod *corev1.Pod) bool { return glbc.WorkloadOf("", pod).Name == t.Name })
}

// alone: no other Service of the namespace lacks a policy that this one may be meant for,
// or its name resembles the Service's.
func alone(s *facts.Snapshot, k checked, p *facts.HealthCheckPolicy) bool {
	a, b := p.Spec.TargetRef.Name, k.Service
	if strings.HasPrefix(a, b) || strings.HasPrefix(b, a) {
		return true
	}
	services, _ := s.Services.Get()
	n := 0
	for _, svc := range services {
		if svc.Namespace == k.Namespace && glbc.HealthCheckPolicyOf(s, svc.Namespace, svc.Name).IsAbsent() {
			n++
		}
	}
	return n == 1
}

// sectionOf is the section that holds a policy's settings where its type reads another
// one; empty where they agree.
func sectionOf(p *facts.HealthCheckPolicy) string {
	config := p.Spec.Default.Config
	if config == nil || config.Type == "" {
		return ""
	}
	wrong := ""
	for _, o := range []struct {
		kind, name string
		probe      *facts.HealthCheckProbe
	}{
		{"HTTP", "httpHealthCheck", config.HTTP},
		{"HTTPS", "httpsHealthCheck", config.HTTPS},
		{"HTTP2", "http2HealthCheck", config.HTTP2},
		{"TCP", "tcpHealthCheck", config.TCP},
		{"GRPC", "grpcHealthCheck", config.GRPC},
	} {
		switch {
		case o.probe == nil:
		case o.kind == config.Type:
			return ""
		default:
			wrong = o.name
		}
	}
	return wrong
}

func hasNoEffect(c cause.Case, k checked, p *facts.HealthCheckPolicy, why string) cause.Finding {
	confidence := cause.Likely
	if k.status != 0 && k.status != 200 {
		confidence = cause.Proven
	}
	f := k.finding(c, policyRef(c, p), confidence)
	f.Headline = fmt.Sprintf("HealthCheckPolicy %s/%s has no effect on Service %s/%s, which is checked with GET %s", p.Namespace, p.Name, k.Namespace, k.Service, k.check.Path)
	f.Summary = "The policy is there, and " + why + "; so the Gateway's check stays what it is by default."
	f.Evidence = append([]cause.Evidence{{Source: string(facts.ThirdPartyObjects), Says: fmt.Sprintf("HealthCheckPolicy %s/%s: %s", p.Namespace, p.Name, why)}}, f.Evidence...)
	f.Contract = k.contract()
	f.Change = c.Wrote(policyRef(c, p), "spec.targetRef")
	f.Fix = fixTarget(k, p)
	own, _ := glbc.HealthCheckPolicyOf(c.Facts, k.Namespace, k.Service).Get()
	switch section := sectionOf(p); {
	case section != "":
		f.Fix = fixSection(p, section)
	case own == p:
		f.Fix = cause.Fix{
			Summary:  "see what the controller says of the policy and of the Gateway: one that it can't build holds back its policies too",
			Commands: []string{fmt.Sprintf("kubectl describe healthcheckpolicy %s -n %s", p.Name, p.Namespace)},
		}
	}
	return f
}

// fixTarget makes the policy name the Service, in the Service's namespace.
func fixTarget(k checked, p *facts.HealthCheckPolicy) cause.Fix {
	if p.Namespace != k.Namespace {
		return cause.Fix{
			Summary:  fmt.Sprintf("move the policy to namespace %s", k.Namespace),
			Commands: []string{fmt.Sprintf(`kubectl get healthcheckpolicy %s -n %s -o json | jq 'del(.metadata,.status) | .metadata={name:"%s",namespace:"%s"} | del(.spec.targetRef.namespace)' | kubectl apply -f -`, p.Name, p.Namespace, p.Name, k.Namespace)},
			Caveat:   neverFromProbe,
		}
	}
	return cause.Fix{
		Summary:  fmt.Sprintf("let the policy name Service %s", k.Service),
		Commands: []string{fmt.Sprintf(`kubectl patch healthcheckpolicy %s -n %s --type merge -p '{"spec":{"targetRef":{"group":"","kind":"Service","name":"%s","namespace":null}}}'`, p.Name, p.Namespace, k.Service)},
		Caveat:   neverFromProbe,
	}
}

// fixSection moves the settings to where the type reads them.
func fixSection(p *facts.HealthCheckPolicy, section string) cause.Fix {
	kind := p.Spec.Default.Config.Type
	right := strings.ToLower(kind) + "HealthCheck"
	return cause.Fix{
		Summary:  fmt.Sprintf("move the settings from %s to %s, which type %s reads", section, right, kind),
		Commands: []string{fmt.Sprintf(`kubectl patch healthcheckpolicy %s -n %s --type json -p '[{"op":"move","from":"/spec/default/config/%s","path":"/spec/default/config/%s"}]'`, p.Name, p.Namespace, section, right)},
		Caveat:   "or change the type, if the pods really speak what the section says",
	}
}
