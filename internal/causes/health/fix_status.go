package health

import (
	"fmt"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/knownapp"
)

// A place is what the check should ask: Port 0 is the serving port.
type place struct {
	path string
	port int32
	// https: the check must speak TLS there, though it doesn't now.
	https bool
	// why says where it is from.
	why string
}

// known is the app that the pods run, by image or label.
func (b *backend) known() (knownapp.Health, bool) {
	for _, pod := range b.pods {
		if h, ok := knownapp.HealthOf(pod, b.port); ok {
			return h, true
		}
	}
	return knownapp.Health{}, false
}

// better is a place that answers 200 by what is known: the readiness probe's, the known
// app's; else one that only the app's people know.
func (b *backend) better() place {
	if p, ok := b.kubeletsPlace(); ok {
		return p
	}
	h, known := b.known()
	if h.Path == b.check.Path && h.Otherwise != "" {
		h.Path = h.Otherwise
	}
	p := place{path: h.Path, port: h.Port, why: "where " + h.App + " answers 200"}
	if h.Advice != "" {
		p.why += " (" + h.Advice + ")"
	}
	port, reachable := b.reachable(h.Port)
	if known && h.Path != "" && h.Path != b.check.Path && reachable {
		p.port = port
		return p
	}
	return place{path: "/PATH", why: "a path that answers 200 without login or redirect: put it in place of /PATH"}
}

// kubeletsPlace is what the pods are Ready by, unless it is known not to answer 200.
func (b *backend) kubeletsPlace() (place, bool) {
	probe, container, ok := b.readinessProbe()
	if !ok || probe.HTTPGet == nil || b.readiness.asked.Port != 0 && b.readiness.Status != statusOK {
		return place{}, false
	}
	get := probe.HTTPGet
	p := place{path: glbc.ProbePath(get), https: scheme(get) != "" && b.check.Type == "HTTP", why: "which the pods' readiness probe asks"}
	switch {
	case b.readiness.Status == statusOK:
		p.why += " and which answers 200"
	case len(get.HTTPHeaders) > 0 && hostHeader(get) == "":
		return place{}, false
	default:
		p.why += " (make sure that it answers 200 by itself)"
	}
	asked := glbc.ProbePort(container, get.Port)
	if asked == b.port && p.path == b.check.Path && !p.https {
		return place{}, false
	}
	p.port, ok = b.reachable(asked)
	return p, ok && (scheme(get) != "" || b.check.Type == "HTTP")
}

// reachable is what a check's port has to be to reach a container port: the port itself
// for NEGs, a node port that leads there for instance groups; 0 where that is the one it
// asks already.
func (b *backend) reachable(port int32) (int32, bool) {
	switch {
	case port == 0 || port == b.port && (b.check.Port == 0 || b.bad[0].Node):
		return 0, true
	case !b.bad[0].Node:
		return port, true
	}
	svc, ok := b.Object.Get()
	if !ok || len(b.pods) == 0 {
		return 0, false
	}
	for i, p := range svc.Spec.Ports {
		if p.NodePort != 0 && glbc.ServingPort(b.pods[0], &svc.Spec.Ports[i]) == port {
			return p.NodePort, true
		}
	}
	return 0, false
}

// fixStatus points the check at a better place.
func (b *backend) fixStatus(answer) cause.Fix {
	p := b.better()
	what := "the check at "
	if p.path != "/PATH" {
		what += portPrefix(p.port) + p.path + ", "
	}
	f := cause.Fix{
		Summary: "point " + what + p.why,
		Caveat:  "editing the readiness probe does not help: GKE copies it into the health check only when that is created",
	}
	switch {
	case b.Service == "":
		return b.editCheck(f, "--request-path="+p.path)
	case b.Gateway:
		f.Caveat = neverFromProbe
		f.Summary += ", by a HealthCheckPolicy" + b.policyUnread()
		f.Commands, f.Patches = []string{b.applyPolicyAt(p)}, []cause.Patch{b.policyPatchAt(p)}
		return f
	}
	fields, yaml := p.fields(b.check.Type)
	f.Commands, f.Patches = b.configure(fields, yaml)
	return f
}

func portPrefix(port int32) string {
	if port == 0 {
		return ""
	}
	return fmt.Sprintf(":%d", port)
}

// kind is the check's type at the place.
func (p place) kind(now string) string {
	if p.https {
		return "HTTPS"
	}
	return now
}

// fields are the place as a BackendConfig's healthCheck, in JSON and in YAML.
func (p place) fields(now string) (fields, yaml string) {
	fields = fmt.Sprintf(`"type":"%s","requestPath":"%s"`, p.kind(now), p.path)
	yaml = fmt.Sprintf("    type: %s\n    requestPath: %s\n", p.kind(now), p.path)
	if p.port != 0 {
		fields += fmt.Sprintf(`,"port":%d`, p.port)
		yaml += fmt.Sprintf("    port: %d\n", p.port)
	}
	return fields, yaml
}

// configure sets fields of the health check by the BackendConfig that the Service names,
// or by a new one, which must exist before the Service names it.
func (b *backend) configure(fields, yaml string) ([]string, []cause.Patch) {
	name, exists := b.backendConfig("-health")
	patch := cause.Patch{
		File: "BackendConfig " + b.Namespace + "/" + name,
		YAML: fmt.Sprintf("apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  healthCheck:\n%s", name, b.Namespace, yaml),
	}
	if exists {
		return []string{fmt.Sprintf(`kubectl patch backendconfig %s -n %s --type merge -p '{"spec":{"healthCheck":{%s}}}'`, name, b.Namespace, fields)}, []cause.Patch{patch}
	}
	return []string{fmt.Sprintf(`echo '{"apiVersion":"cloud.google.com/v1","kind":"BackendConfig","metadata":{"name":"%s","namespace":"%s"},"spec":{"healthCheck":{%s}}}' | kubectl apply -f - && kubectl annotate service %s -n %s --overwrite cloud.google.com/backend-config='%s'`,
		name, b.Namespace, fields, b.Service, b.Namespace, b.naming(name))}, []cause.Patch{patch}
}

// editCheck is for a backend service that no controller made.
func (b *backend) editCheck(f cause.Fix, flags string) cause.Fix {
	hc, _ := b.HealthCheck.Get()
	f.Commands = []string{fmt.Sprintf("gcloud compute health-checks update %s %s --project=%s %s %s", checkKind(b.check.Type), hc.GetName(), projectOf(hc.GetSelfLink()), scopeFlag(hc.GetRegion()), flags)}
	f.Caveat = "where Terraform owns the health check, change it there too"
	return f
}

// checkKind is how gcloud calls a type.
func checkKind(kind string) string { return strings.ToLower(kind) }

func scopeFlag(region string) string {
	if region == "" {
		return "--global"
	}
	return "--region=" + facts.LastSegment(region)
}

// applyPolicyAt sets place and port of a Gateway's check.
func (b *backend) applyPolicyAt(p place) string {
	fields := fmt.Sprintf(`"requestPath":"%s"`, p.path)
	if p.port != 0 {
		fields += fmt.Sprintf(`,"portSpecification":"USE_FIXED_PORT","port":%d`, p.port)
	}
	return b.applyPolicyWith(p.kind(b.check.Type), fields)
}

// applyPolicyWith patches the HealthCheckPolicy of the Service, or makes one.
func (b *backend) applyPolicyWith(kind, fields string) string {
	name, exists := b.policyName()
	section := strings.ToLower(kind) + "HealthCheck"
	if exists {
		return fmt.Sprintf(`kubectl patch healthcheckpolicy %s -n %s --type merge -p '{"spec":{"default":{"config":{"type":"%s","%s":{%s}%s}}}}'`, name, b.Namespace, kind, section, fields, b.withoutOld(kind))
	}
	return fmt.Sprintf(`echo '{"apiVersion":"networking.gke.io/v1","kind":"HealthCheckPolicy","metadata":{"name":"%s","namespace":"%s"},"spec":{"default":{"config":{"type":"%s","%s":{%s}}},"targetRef":{"group":"","kind":"Service","name":"%s"}}}' | kubectl apply -f -`,
		name, b.Namespace, kind, section, fields, b.Service)
}

func (b *backend) policyPatchAt(p place) cause.Patch {
	patch := b.policyPatch(p.kind(b.check.Type), p.path)
	if p.port != 0 {
		path := "        requestPath: " + p.path + "\n"
		patch.YAML = strings.Replace(patch.YAML, path, path+fmt.Sprintf("        portSpecification: USE_FIXED_PORT\n        port: %d\n", p.port), 1)
	}
	return patch
}

// fixPort moves the check to the port that serves.
func (b *backend) fixPort(on facts.Ref, port int32, kind string) cause.Fix {
	f := cause.Fix{Summary: fmt.Sprintf("make the check's port %d, the %s, or leave it out", port, kind)}
	switch on.Kind {
	case facts.KindBackendConfig:
		f.Caveat = "editing the health check itself does not help: the BackendConfig wins on every sync"
		f.Commands, f.Patches = b.configure(fmt.Sprintf(`"port":%d`, port), fmt.Sprintf("    port: %d\n", port))
	case facts.KindHealthCheckPolicy:
		f.Caveat = "editing the health check itself does not help: the controller brings the policy's port back"
		f.Commands = []string{b.applyPolicyWith(b.check.Type, fmt.Sprintf(`"portSpecification":"USE_FIXED_PORT","port":%d`, port))}
	default:
		flags := "--use-serving-port"
		if b.bad[0].Node {
			flags = fmt.Sprintf("--port=%d", port)
		}
		f = b.editCheck(f, flags)
	}
	return f
}

// fixScheme makes the check speak what the port does. For an Ingress its type follows the
// Service's app protocol, so that the load balancer's own requests change with it.
func (b *backend) fixScheme(on facts.Ref, tls bool) cause.Fix {
	kind, now := "HTTP", "plain HTTP"
	if tls {
		kind, now = "HTTPS", "TLS"
	}
	bs, _ := b.BackendService.Get()
	speaks := "HTTP"
	if bs.GetProtocol() != "HTTP" && bs.GetProtocol() != "H2C" {
		speaks = "HTTPS"
	}
	f := cause.Fix{
		Summary: fmt.Sprintf("let the check speak %s, as the pods do", now),
		Caveat:  "another path does not help, and editing the readiness probe never reaches an existing check",
	}
	port := b.portName()
	switch {
	case b.Gateway:
		f.Summary += "; with appProtocol the load balancer's own requests follow"
		f.Commands = []string{b.applyPolicyWith(kind, fmt.Sprintf(`"requestPath":"%s"`, b.check.Path))}
		if speaks != kind {
			f.Commands = []string{fmt.Sprintf(`kubectl patch service %s -n %s -p '{"spec":{"ports":[{"port":%d,"appProtocol":"%s"}]}}' && `, b.Service, b.Namespace, b.Port.Number, kind) + f.Commands[0]}
		}
	case on.Kind == facts.KindBackendConfig:
		f.Commands, f.Patches = b.configure(fmt.Sprintf(`"type":"%s"`, kind), fmt.Sprintf("    type: %s\n", kind))
	case speaks == kind || port == "":
		f.Commands, f.Patches = b.configure(fmt.Sprintf(`"type":"%s","requestPath":"%s"`, kind, b.check.Path), fmt.Sprintf("    type: %s\n    requestPath: %s\n", kind, b.check.Path))
	default:
		f.Summary = fmt.Sprintf("tell GKE that the Service's port speaks %s: load balancer and health check both follow", now)
		f.Commands = []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite %s='%s'`, b.Service, b.Namespace, glbc.AppProtocolsAnnotation, b.protocols(port, kind))}
		f.Patches = []cause.Patch{{
			File: "Service " + b.Namespace + "/" + b.Service,
			YAML: fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  namespace: %s\n  annotations:\n    %s: '%s'\n", b.Service, b.Namespace, glbc.AppProtocolsAnnotation, b.protocols(port, kind)),
		}}
	}
	return f
}

func seconds(d time.Duration) int { return int(d / time.Second) }

// fixTimeout gives the check more time, where that is little; else the app must hurry.
func (b *backend) fixTimeout(subject facts.Ref) cause.Fix {
	wait := b.patience()
	if b.check.Timeout >= 15*time.Second {
		f := b.fixApp(subject)
		f.Summary = fmt.Sprintf("find out why %s takes longer than %d s: an app that is overloaded or waits for something else", b.check.Path, seconds(b.check.Timeout))
		f.Caveat = "a longer timeout only hides it: requests of people wait as long"
		return f
	}
	interval := max(b.check.Interval, wait)
	f := cause.Fix{
		Summary: fmt.Sprintf("give the check %d s (timeoutSec, with checkIntervalSec at least as long), or make %s answer within %d s", seconds(wait), b.check.Path, seconds(b.check.Timeout)),
		Caveat:  "editing the readiness probe's timeout does not help: GKE copies it into the health check only when that is created",
	}
	switch {
	case b.Service == "":
		return b.editCheck(f, fmt.Sprintf("--timeout=%ds --check-interval=%ds", seconds(wait), seconds(interval)))
	case b.Gateway:
		name, exists := b.policyName()
		f.Caveat = neverFromProbe
		body := fmt.Sprintf(`"timeoutSec":%d,"checkIntervalSec":%d`, seconds(wait), seconds(interval))
		f.Commands = []string{fmt.Sprintf(`kubectl patch healthcheckpolicy %s -n %s --type merge -p '{"spec":{"default":{%s}}}'`, name, b.Namespace, body)}
		if !exists {
			f.Commands = []string{fmt.Sprintf(`echo '{"apiVersion":"networking.gke.io/v1","kind":"HealthCheckPolicy","metadata":{"name":"%s","namespace":"%s"},"spec":{"default":{%s},"targetRef":{"group":"","kind":"Service","name":"%s"}}}' | kubectl apply -f -`, name, b.Namespace, body, b.Service)}
		}
		return f
	}
	f.Commands, f.Patches = b.configure(
		fmt.Sprintf(`"timeoutSec":%d,"checkIntervalSec":%d`, seconds(wait), seconds(interval)),
		fmt.Sprintf("    timeoutSec: %d\n    checkIntervalSec: %d\n", seconds(wait), seconds(interval)),
	)
	return f
}
