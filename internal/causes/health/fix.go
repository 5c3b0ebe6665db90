package health

import (
	"encoding/json"
	"fmt"
	"strconv"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

// fixProtocol is for an app that isn't known: it must answer the check's path over
// plain HTTP, or take it over TLS where its pods speak that on the same port.
func (b *backend) fixProtocol() cause.Fix {
	if b.Service == "" {
		return b.fixCheck(answer{location: "https"})
	}
	if b.Gateway {
		return b.fixAppProtocol()
	}
	f := cause.Fix{
		Summary: fmt.Sprintf("let the app answer GET %s over plain HTTP with 200, exempt from its redirect; or, only where the pods speak TLS on that port, use HTTPS to them", b.where()),
		Caveat:  "another path helps only if the app exempts it, most redirect every path; editing the readiness probe never reaches an existing health check",
	}
	port := b.portName()
	if port == "" {
		f.Summary += " (name the Service's port first: the annotation is keyed by it)"
		return f
	}
	f.Commands = []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite %s='%s'`, b.Service, b.Namespace, glbc.AppProtocolsAnnotation, b.appProtocols(port))}
	f.Patches = []cause.Patch{b.httpsPatch(port)}
	return f
}

// httpsPatch makes load balancer and check speak HTTPS to the pods.
func (b *backend) httpsPatch(port string) cause.Patch {
	if b.Gateway {
		return b.appProtocolPatch()
	}
	name, exists := b.backendConfig("-https")
	service := fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  namespace: %s\n  annotations:\n    %s: '%s'\n", b.Service, b.Namespace, glbc.AppProtocolsAnnotation, b.appProtocols(port))
	if !exists {
		service += "    cloud.google.com/backend-config: '" + b.naming(name) + "'\n"
	}
	config := fmt.Sprintf("apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  healthCheck:\n    type: HTTPS\n    requestPath: %s\n", name, b.Namespace, b.check.Path)
	return cause.Patch{File: "instead: HTTPS to the pods", YAML: service + "---\n" + config}
}

// appProtocols is the annotation with this port on HTTPS and the others as they are.
func (b *backend) appProtocols(port string) string { return b.protocols(port, "HTTPS") }

// protocols is the annotation with this port on a protocol and the others as they are.
func (b *backend) protocols(port, protocol string) string {
	protocols := map[string]string{}
	if svc, ok := b.Object.Get(); ok {
		protocols = glbc.AppProtocols(svc)
	}
	protocols[port] = protocol
	text, err := json.Marshal(protocols)
	if err != nil {
		return `{"` + port + `":"` + protocol + `"}`
	}
	return string(text)
}

// backendConfig is the one that the Service names, or the name for a new one.
func (b *backend) backendConfig(suffix string) (name string, exists bool) {
	if svc, ok := b.Object.Get(); ok {
		if name := glbc.BackendConfigOf(svc, b.ServicePort); name != "" {
			return name, true
		}
	}
	return b.Service + suffix, false
}

// naming is the Service's annotation once it names this BackendConfig too.
func (b *backend) naming(config string) string {
	svc, ok := b.Object.Get()
	if !ok {
		return `{"default":"` + config + `"}`
	}
	return glbc.WithBackendConfig(svc, b.ServicePort, config)
}

// portName is the Service port's name, which app-protocols is keyed by; empty when
// it has none.
func (b *backend) portName() string {
	if b.ServicePort == nil {
		return ""
	}
	return b.ServicePort.Name
}

// fixPath points the check at a path that answers 200, which only the app's people
// know: through the BackendConfig that the Service names, or a new one that must
// exist before the Service names it.
func (b *backend) fixPath(a answer) cause.Fix {
	if b.Service == "" {
		return b.fixCheck(a)
	}
	if b.Gateway {
		return b.fixPolicy(a)
	}
	name, exists := b.backendConfig("-health")
	path, summary := "/PATH", "point the check at a path that answers 200 without login or redirect: put it in place of /PATH"
	if own := b.readinessPath(); own != "" {
		path, summary = own, "point the check at "+own+", which the pods' readiness probe asks on the same port (make sure that it answers 200 by itself)"
	}
	f := cause.Fix{
		Summary: summary,
		Caveat:  "editing the readiness probe does not help: GKE copies it into the health check only when that is created",
		Patches: []cause.Patch{{
			File: "BackendConfig " + b.Namespace + "/" + name,
			YAML: fmt.Sprintf("apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  healthCheck:\n    type: %s\n    requestPath: %s\n", name, b.Namespace, b.check.Type, path),
		}},
	}
	if a.location == "" {
		f.Summary = "find out where the app redirects to, and " + f.Summary
	}
	if exists {
		f.Commands = []string{fmt.Sprintf(`kubectl patch backendconfig %s -n %s --type merge -p '{"spec":{"healthCheck":{"requestPath":"%s"}}}'`, name, b.Namespace, path)}
		return f
	}
	f.Commands = []string{fmt.Sprintf(`echo '{"apiVersion":"cloud.google.com/v1","kind":"BackendConfig","metadata":{"name":"%s","namespace":"%s"},"spec":{"healthCheck":{"type":"%s","requestPath":"%s"}}}' | kubectl apply -f - && kubectl annotate service %s -n %s --overwrite cloud.google.com/backend-config='%s'`,
		name, b.Namespace, b.check.Type, path, b.Service, b.Namespace, b.naming(name))}
	return f
}

// readinessPath is the path of the pods' own probe, where it asks the same port over
// the same scheme and isn't what the check asks already.
func (b *backend) readinessPath() string {
	for _, pod := range b.pods {
		container, ok := b.probed(pod)
		if !ok || container.ReadinessProbe.HTTPGet == nil || !glbc.IsReady(pod) {
			continue
		}
		get := container.ReadinessProbe.HTTPGet
		path := slash(get.Path)
		if portText(container, get) == strconv.Itoa(int(b.port)) && (scheme(get) == "") == (b.check.Type == "HTTP") && path != b.check.Path {
			return path
		}
	}
	return ""
}
