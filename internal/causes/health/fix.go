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
	f.Patches = append(f.Patches, b.fixProtocol().Patches...)
	return f
}

// fixProtocol makes load balancer and check speak HTTPS to the pods.
func (b *backend) fixProtocol() cause.Fix {
	port := b.portName()
	name := b.Service + "-https"
	service := fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  namespace: %s\n  annotations:\n    %s: '{\"%s\":\"HTTPS\"}'\n    cloud.google.com/backend-config: '{\"default\":\"%s\"}'\n",
		b.Service, b.Namespace, glbc.AppProtocolsAnnotation, port, name)
	config := fmt.Sprintf("apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  healthCheck:\n    type: HTTPS\n    requestPath: %s\n", name, b.Namespace, b.check.Path)
	return cause.Fix{
		Summary:  "serve the health path over plain HTTP with 200, or let load balancer and check speak HTTPS to the pods",
		Commands: []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite %s='{"%s":"HTTPS"}'`, b.Service, b.Namespace, glbc.AppProtocolsAnnotation, port)},
		Patches:  []cause.Patch{{File: "instead: HTTPS to the pods", YAML: service + "---\n" + config}},
		Caveat:   "changing the path alone seldom helps, such apps redirect every path; editing the readiness probe never reaches an existing health check",
	}
}

// portName is the Service port's name, which app-protocols is keyed by; a port
// without one needs one first.
func (b *backend) portName() string {
	if b.ServicePort != nil && b.ServicePort.Name != "" {
		return b.ServicePort.Name
	}
	return "https"
}

// fixPath points the check at a path that answers 200.
func (b *backend) fixPath(_ cause.Case, a answer) cause.Fix {
	name := b.Service + "-health"
	config := fmt.Sprintf("apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  healthCheck:\n    type: %s\n    requestPath: /healthz  # a path that answers 200 without a redirect\n", name, b.Namespace, b.check.Type)
	summary := "point the check at a path that answers 200 without login or redirect, with a BackendConfig"
	if a.location == "" {
		summary = "find out where the app redirects to, and point the check at a path that answers 200, with a BackendConfig"
	}
	return cause.Fix{
		Summary:  summary,
		Commands: []string{fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite cloud.google.com/backend-config='{"default":"%s"}'`, b.Service, b.Namespace, name)},
		Patches:  []cause.Patch{{File: "BackendConfig " + b.Namespace + "/" + name, YAML: config}},
		Caveat:   "editing the readiness probe does not help: GKE copies it into the health check only when that is created",
	}
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
