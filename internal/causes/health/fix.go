package health

import (
	"encoding/json"
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/knownapp"
	"plumbline/internal/signal"
)

// fixHTTPS: a known app has a setting; any other can take the check over HTTPS.
func (b *backend) fixHTTPS(subject facts.Ref) cause.Fix {
	if b.setting.App != knownapp.ArgoCD {
		return b.fixProtocol()
	}
	restart := fmt.Sprintf("kubectl rollout restart %s/%s -n %s", strings.ToLower(subject.Kind), subject.Name, subject.Namespace)
	if subject.Kind != facts.KindDeployment {
		restart = "kubectl rollout restart deployment/argocd-server -n " + subject.Namespace
	}
	if b.setting.RestartOnly {
		return cause.Fix{
			Summary:  fmt.Sprintf("restart the pods: ConfigMap %s already says %s: \"true\", but they started before that change", b.setting.ConfigMap, knownapp.ArgoCDKey),
			Commands: []string{restart},
			Caveat:   "changing the path alone does not help: every path redirects",
		}
	}
	cm := knownapp.ArgoCDConfigMap
	if b.setting.ConfigMap != "" {
		cm = b.setting.ConfigMap
	}
	f := cause.Fix{
		Summary: fmt.Sprintf("set %s: \"true\" in ConfigMap %s and restart the pods: the load balancer ends TLS, Argo CD serves plain HTTP behind it", knownapp.ArgoCDKey, cm),
		Commands: []string{
			fmt.Sprintf(`kubectl patch configmap %s -n %s --type merge -p '{"data":{"%s":"true"}}'`, cm, subject.Namespace, knownapp.ArgoCDKey) + " && " + restart,
		},
		Patches: []cause.Patch{{
			File: "ConfigMap " + subject.Namespace + "/" + cm,
			YAML: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + cm + "\n  namespace: " + subject.Namespace + "\ndata:\n  " + knownapp.ArgoCDKey + ": \"true\"\n",
		}},
		Caveat: "changing the path alone does not help: every path redirects",
	}
	if port := b.portName(); port != "" {
		f.Patches = append(f.Patches, b.httpsPatch(port))
	}
	return f
}

// fixProtocol is for an app that isn't known: it must answer the check's path over
// plain HTTP, or take it over TLS where its pods speak that on the same port.
func (b *backend) fixProtocol() cause.Fix {
	f := cause.Fix{
		Summary: fmt.Sprintf("let the app answer GET %s over plain HTTP with 200, exempt from its redirect; or, only where the pods speak TLS on that port, use HTTPS to them", b.where()),
		Caveat:  "another path helps only if the app exempts it, most redirect every path; editing the readiness probe never reaches an existing health check",
	}
	port := b.portName()
	if port == "" {
		f.Summary += " (name the Service's port first: the annotation is keyed by it)"
		return f
	}
	f.Commands = []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite %s='{"%s":"HTTPS"}'`, b.Service, b.Namespace, glbc.AppProtocolsAnnotation, port)}
	f.Patches = []cause.Patch{b.httpsPatch(port)}
	return f
}

// httpsPatch makes load balancer and check speak HTTPS to the pods.
func (b *backend) httpsPatch(port string) cause.Patch {
	name, exists := b.backendConfig("-https")
	service := fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  namespace: %s\n  annotations:\n    %s: '{\"%s\":\"HTTPS\"}'\n", b.Service, b.Namespace, glbc.AppProtocolsAnnotation, port)
	if !exists {
		service += "    cloud.google.com/backend-config: '{\"default\":\"" + name + "\"}'\n"
	}
	config := fmt.Sprintf("apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  healthCheck:\n    type: HTTPS\n    requestPath: %s\n", name, b.Namespace, b.check.Path)
	return cause.Patch{File: "instead: HTTPS to the pods", YAML: service + "---\n" + config}
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
	name, exists := b.backendConfig("-health")
	f := cause.Fix{
		Summary: "point the check at a path that answers 200 without login or redirect: put it in place of /PATH",
		Caveat:  "editing the readiness probe does not help: GKE copies it into the health check only when that is created",
		Patches: []cause.Patch{{
			File: "BackendConfig " + b.Namespace + "/" + name,
			YAML: fmt.Sprintf("apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  healthCheck:\n    type: %s\n    requestPath: /PATH\n", name, b.Namespace, b.check.Type),
		}},
	}
	if a.location == "" {
		f.Summary = "find out where the app redirects to, and " + f.Summary
	}
	if exists {
		f.Commands = []string{fmt.Sprintf(`kubectl patch backendconfig %s -n %s --type merge -p '{"spec":{"healthCheck":{"requestPath":"/PATH"}}}'`, name, b.Namespace)}
		return f
	}
	f.Commands = []string{fmt.Sprintf(`echo '{"apiVersion":"cloud.google.com/v1","kind":"BackendConfig","metadata":{"name":"%s","namespace":"%s"},"spec":{"healthCheck":{"type":"%s","requestPath":"/PATH"}}}' | kubectl apply -f - && kubectl annotate service %s -n %s --overwrite cloud.google.com/backend-config='{"default":"%s"}'`,
		name, b.Namespace, b.check.Type, b.Service, b.Namespace, name)}
	return f
}

// switchedOn is the change that made a known app redirect.
func (b *backend) switchedOn(c cause.Case) *cause.Change {
	if b.setting.ConfigMap == "" || len(b.pods) == 0 {
		return nil
	}
	change, _ := configMapChange(c, b.pods[0].Namespace, b.setting.ConfigMap)
	return change
}

// configMapChange is the newest write that touched the app's key. exact: it
// certainly gave the key a new value, since a patch names it or the write before
// left another one; an update sends the whole object and may have changed other
// keys only.
func configMapChange(c cause.Case, namespace, name string) (change *cause.Change, exact bool) {
	entries := c.Entries()
	for _, s := range entries {
		if s.Kind != signal.ObjectChanged || s.Target.Kind != facts.KindConfigMap || s.Target.Namespace != namespace || s.Target.Name != name {
			continue
		}
		to, touched := keyWritten(s.Change)
		switch {
		case !touched:
		case change == nil:
			change = cause.ChangeOf(s, entries, name+" "+knownapp.ArgoCDKey)
			change.To, exact = to, s.Change.Verb == "patch" || s.Change.Verb == "create"
		default:
			change.From = to
			return change, exact || !equal(change.From, change.To)
		}
	}
	return change, exact
}

func equal(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// keyWritten reads the key's new value: nil where the write removed it. A patch
// that doesn't name the key, and one whose body isn't told, didn't touch it.
func keyWritten(ch *signal.Change) (to *string, touched bool) {
	var body struct {
		Data map[string]*string `json:"data"`
	}
	if ch.Verb == "delete" {
		return nil, true
	}
	if ch.Request == nil || json.Unmarshal(ch.Request, &body) != nil || body.Data == nil {
		return nil, false
	}
	v, named := body.Data[knownapp.ArgoCDKey]
	return v, named || ch.Verb != "patch"
}
