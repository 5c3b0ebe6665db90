package ingress

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
	"plumbline/internal/signal"
)

// refusal is the controller's own event that names the Service.
func refusal(c cause.Case, svc *corev1.Service) (cause.Evidence, bool) {
	events, _ := c.Facts.Events.Get()
	for _, e := range events {
		if e.InvolvedObject.Kind == facts.KindIngress && e.InvolvedObject.Namespace == c.Target.Namespace && e.InvolvedObject.Name == c.Target.Name &&
			strings.Contains(e.Message, `when not using NEGs`) && strings.Contains(e.Message, svc.Name) {
			return cause.Evidence{Source: "event " + e.Reason, Says: e.Message, Link: cause.ObjectLink(c.Target)}, true
		}
	}
	return cause.Evidence{}, false
}

// missing says why GKE didn't add the annotation itself, or who took it away.
func missing(c cause.Case, svc *corev1.Service) (cause.Evidence, *cause.Change) {
	change := removedBy(c, svc)
	cluster, ok := c.Facts.Cluster.Get()
	if !ok {
		return cause.Evidence{Source: "container.clusters.get", Says: "why GKE didn't add the annotation itself can't be told: the cluster couldn't be read"}, change
	}
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return cause.Evidence{Source: "container.services.list", Says: "GKE adds the annotation only to Services with pods; an ExternalName has none"}, change
	}
	why := glbc.AutoNEGOf(cluster, c.Facts.Project, svc, upgrades(c))
	e := cause.Evidence{Source: "container.clusters.get", Link: cause.ClusterLink(c.Facts.ClusterName)}
	switch {
	case len(why.Unmet) > 0:
		e.Says = "GKE did not add the annotation itself: " + strings.Join(why.Unmet, "; ")
		return e, nil
	case change != nil:
		e.Source, e.Link = "audit log", cause.EntryLink(c.Facts.Project, change.Entry, change.At)
		e.Says = "GKE adds the annotation to new Services of this cluster; it was removed or replaced by " + change.By
	case why.Unsure != "":
		e.Says = "GKE adds the annotation to new Services only, and " + why.Unsure
	default:
		e.Says = "GKE adds the annotation to new Services of this cluster, so it was removed or replaced after creation" + lastWriter(svc)
	}
	return e, change
}

func upgrades(c cause.Case) []glbc.Upgrade {
	var list []glbc.Upgrade
	for _, s := range c.Entries() {
		if s.Kind != signal.ClusterChanged || s.Target.Cluster != c.Facts.ClusterName {
			continue
		}
		if v, ok := s.Change.Fields["masterVersion"]; ok {
			list = append(list, glbc.Upgrade{To: strings.Trim(v, `"`), At: s.At})
		}
	}
	return list
}

// removedBy finds the write that took the annotation away: going back in time, the
// oldest one without it that still follows a state that had it, or the oldest the
// log knows.
func removedBy(c cause.Case, svc *corev1.Service) *cause.Change {
	entries := c.Entries()
	var by *signal.Signal
	for i, s := range entries {
		if s.Kind != signal.ObjectChanged || s.Target.Kind != facts.KindService || s.Target.Namespace != svc.Namespace || s.Target.Name != svc.Name {
			continue
		}
		if annotated(s.Change.Response) == yes || s.Change.Verb != "patch" && annotated(s.Change.Response) == untold && annotated(s.Change.Request) == yes {
			break
		}
		if !s.Change.Controller && removes(s.Change) {
			by = &entries[i]
		}
	}
	if by == nil {
		return nil
	}
	return cause.ChangeOf(*by, entries, `metadata.annotations["`+glbc.NEGAnnotation+`"]`)
}

// An answer tells whether an object in an audit entry carries the annotation.
type answer uint8

const (
	untold answer = iota
	no
	yes
	null
)

func annotated(object []byte) answer {
	var body struct {
		Metadata *struct {
			Annotations map[string]*string `json:"annotations"`
		} `json:"metadata"`
	}
	if object == nil || json.Unmarshal(object, &body) != nil || body.Metadata == nil {
		return untold
	}
	v, named := body.Metadata.Annotations[glbc.NEGAnnotation]
	switch {
	case !named:
		return no
	case v == nil:
		return null
	}
	return yes
}

// removes: a patch names the annotation with null, or its result lacks it though
// it touches annotations; an update sends a whole object without it.
func removes(ch *signal.Change) bool {
	switch ch.Verb {
	case "patch":
		return annotated(ch.Request) == null
	case "update":
		return annotated(ch.Request) == no
	}
	return false
}

// lastWriter names the newest field manager that wrote the object itself.
func lastWriter(svc *corev1.Service) string {
	var name string
	var at metav1.Time
	for _, f := range svc.ManagedFields {
		if f.Subresource == "" && f.Time != nil && f.Time.After(at.Time) {
			name, at = f.Manager, *f.Time
		}
	}
	if name == "" {
		return ""
	}
	return fmt.Sprintf("; the last writer was %s at %s", name, at.UTC().Format("2006-01-02 15:04 UTC"))
}

func fixNEG(s *facts.Snapshot, svc *corev1.Service) cause.Fix {
	target := fmt.Sprintf("service %s -n %s", svc.Name, svc.Namespace)
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return cause.Fix{
			Summary: "point the Ingress at a Service that selects pods: an ExternalName can't be a backend",
			Commands: []string{
				"kubectl get ingress -n " + svc.Namespace + " -o yaml",
			},
		}
	}
	if cluster, ok := s.Cluster.Get(); ok && !glbc.VPCNative(cluster) {
		return cause.Fix{
			Summary:  "make the Service NodePort: NEGs need a VPC-native cluster, and this one is routes-based",
			Commands: []string{"kubectl patch " + target + ` --type merge -p '{"spec":{"type":"NodePort"}}'`},
			Patches:  []cause.Patch{servicePatch(svc, "spec:\n  type: NodePort\n")},
		}
	}
	return cause.Fix{
		Summary:  "ask for NEGs with the annotation; the controller then builds the load balancer by itself",
		Commands: []string{"kubectl annotate " + target + ` --overwrite ` + glbc.NEGAnnotation + `='{"ingress":true}'`},
		Patches:  []cause.Patch{servicePatch(svc, "")},
		Caveat:   "set it in the manifest too, or the next apply may remove it again",
	}
}

func servicePatch(svc *corev1.Service, spec string) cause.Patch {
	yaml := "apiVersion: v1\nkind: Service\nmetadata:\n  name: " + svc.Name + "\n  namespace: " + svc.Namespace + "\n"
	if spec == "" {
		yaml += "  annotations:\n    " + glbc.NEGAnnotation + ": '{\"ingress\":true}'\n"
	}
	return cause.Patch{File: "Service " + svc.Namespace + "/" + svc.Name, YAML: yaml + spec}
}
