package health

import (
	"fmt"
	"sort"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/knownapp"
)

const everyPath = "changing the path alone does not help: every path redirects"

// fixHTTPS: a known app has a setting, which is changed where it is decided; any
// other app must answer the check itself.
func (b *backend) fixHTTPS(subject facts.Ref) cause.Fix {
	if b.setting.App != knownapp.ArgoCD || b.setting.DecidedBy == knownapp.Args && b.setting.On || b.setting.DecidedBy == knownapp.Env && b.setting.On {
		return b.fixProtocol()
	}
	f := b.fixArgoCD(subject)
	f.Caveat = everyPath
	if port := b.portName(); port != "" && !b.setting.On {
		f.Patches = append(f.Patches, b.httpsPatch(port))
	}
	return f
}

func (b *backend) fixArgoCD(subject facts.Ref) cause.Fix {
	s, ns := b.setting, subject.Namespace
	set := fmt.Sprintf(`{"data":{"%s":"true"}}`, s.Key)
	switch {
	case s.DecidedBy == knownapp.Args:
		return cause.Fix{
			Summary:  "take --insecure=false out of the container's args, or set it to true: it wins over the environment and the ConfigMap",
			Commands: []string{fmt.Sprintf("kubectl edit %s -n %s", handle(subject), ns)},
		}
	case s.DecidedBy == knownapp.Env || s.DecidedBy == knownapp.ConfigMap && !s.Wired && workload(subject):
		return cause.Fix{
			Summary:  "set ARGOCD_SERVER_INSECURE=true in the pods; they restart with it, and serve plain HTTP behind the load balancer, which ends TLS",
			Commands: []string{fmt.Sprintf("kubectl set env %s -n %s ARGOCD_SERVER_INSECURE=true", handle(subject), ns)},
		}
	case s.On:
		return cause.Fix{
			Summary:  fmt.Sprintf("restart the pods: ConfigMap %s already says %s: \"true\", but they started before that change", s.ConfigMap, s.Key),
			Commands: []string{b.restart(subject)},
		}
	case s.Missing != nil:
		return cause.Fix{
			Summary:  "let Argo CD serve plain HTTP behind the load balancer (--insecure, ARGOCD_SERVER_INSECURE or server.insecure in " + knownapp.ArgoCDConfigMap + "), and restart its pods",
			Commands: []string{fmt.Sprintf("kubectl set env %s -n %s ARGOCD_SERVER_INSECURE=true", handle(subject), ns)},
		}
	}
	f := cause.Fix{
		Summary:  fmt.Sprintf("set %s: \"true\" in ConfigMap %s and restart the pods: the load balancer ends TLS, Argo CD serves plain HTTP behind it", s.Key, s.ConfigMap),
		Commands: []string{fmt.Sprintf(`kubectl patch configmap %s -n %s --type merge -p '%s'`, s.ConfigMap, ns, set) + " && " + b.restart(subject)},
		Patches: []cause.Patch{{
			File: "ConfigMap " + ns + "/" + s.ConfigMap,
			YAML: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + s.ConfigMap + "\n  namespace: " + ns + "\ndata:\n  " + s.Key + ": \"true\"\n",
		}},
	}
	if !s.Exists {
		f.Commands = []string{fmt.Sprintf("kubectl create configmap %s -n %s --from-literal=%s=true", s.ConfigMap, ns, s.Key) + " && " + b.restart(subject)}
	}
	return f
}

// handle is how kubectl names a workload.
func handle(subject facts.Ref) string { return strings.ToLower(subject.Kind) + "/" + subject.Name }

// workload reports that kubectl can restart the subject and set its environment.
func workload(subject facts.Ref) bool {
	switch subject.Kind {
	case facts.KindDeployment, "StatefulSet", "DaemonSet":
		return true
	}
	return false
}

// restart makes the workload start its pods anew; pods without one are deleted by
// the Service's selector.
func (b *backend) restart(subject facts.Ref) string {
	if workload(subject) {
		return fmt.Sprintf("kubectl rollout restart %s -n %s", handle(subject), subject.Namespace)
	}
	var labels []string
	if svc, ok := b.Object.Get(); ok {
		for k, v := range svc.Spec.Selector {
			labels = append(labels, k+"="+v)
		}
	}
	sort.Strings(labels)
	return fmt.Sprintf("kubectl delete pods -n %s -l %s", subject.Namespace, strings.Join(labels, ","))
}
