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

// missing says why the annotation isn't there or doesn't ask: GKE didn't add it and
// why, who took it away, or that it was written so.
func missing(c cause.Case, svc *corev1.Service) (cause.Evidence, *cause.Change) {
	story := historyOf(c, svc)
	cluster, ok := c.Facts.Cluster.Get()
	e := cause.Evidence{Source: "container.clusters.get", Link: cause.ClusterLink(c.Facts.ClusterName)}
	if !ok {
		e.Says = "why GKE didn't add the annotation itself can't be told: the cluster couldn't be read"
		return e, story.removed
	}
	why := glbc.AutoNEGOf(cluster, c.Facts.Project, svc, upgrades(c))
	switch {
	case svc.Spec.Type == corev1.ServiceTypeExternalName:
		e.Says = "GKE adds the annotation only to Services with pods; an ExternalName has none"
	case story.removed != nil:
		e.Source, e.Link = "audit log", cause.EntryLink(c.Facts.Project, story.removed.Entry, story.removed.At)
		e.Says = "the annotation was removed or replaced by " + story.removed.By
	case glbc.NEGRequestOf(svc).Present:
		e.Source, e.Link = "container.services.list", cause.ObjectLink(facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindService, Namespace: svc.Namespace, Name: svc.Name})
		e.Says = "GKE leaves an annotation alone that is already there" + lastWriter(svc)
	case len(why.Unmet) > 0:
		e.Says = "GKE did not add the annotation itself: " + strings.Join(why.Unmet, "; ")
	case why.Unsure != "":
		e.Says = "GKE adds the annotation to new Services only, and " + why.Unsure
	case story.createdWithout:
		e.Source, e.Link = "audit log", ""
		e.Says = "the Service was created without the annotation, and GKE did not add it, though this cluster meets every known condition"
	default:
		e.Says = "GKE adds the annotation to new Services of this cluster, so it was removed or replaced after creation" + lastWriter(svc)
	}
	return e, story.removed
}

func upgrades(c cause.Case) []glbc.Upgrade {
	var list []glbc.Upgrade
	entries := c.Entries()
	failed := map[string]bool{}
	for _, s := range entries {
		if s.Change != nil && s.Change.Failed {
			failed[s.Change.Operation] = true
		}
	}
	for _, s := range entries {
		if s.Kind != signal.ClusterChanged || s.Target.Cluster != c.Facts.ClusterName || s.Change.Operation != "" && failed[s.Change.Operation] {
			continue
		}
		if v, ok := s.Change.Fields["masterVersion"]; ok {
			list = append(list, glbc.Upgrade{To: strings.Trim(v, `"`), At: s.At})
		}
	}
	return list
}

// A history is what the log tells of the annotation on one Service.
type history struct {
	// removed is the write that took it away or replaced it; nil when none is known.
	removed *cause.Change
	// createdWithout: the Service never had it.
	createdWithout bool
}

// historyOf goes back in time to the state that had the annotation: the write after
// it took it away.
func historyOf(c cause.Case, svc *corev1.Service) (h history) {
	entries := c.Entries()
	var by *signal.Signal
	for i, s := range entries {
		if s.Kind != signal.ObjectChanged || s.Target.Kind != facts.KindService || s.Target.Namespace != svc.Namespace || s.Target.Name != svc.Name {
			continue
		}
		state := after(s.Change)
		if state == asks {
			break
		}
		if s.Change.Verb == "create" {
			h.createdWithout = state == doesNot
			return h
		}
		if state == doesNot && !s.Change.Controller {
			by = &entries[i]
		}
	}
	if by != nil {
		h.removed = cause.ChangeOf(*by, entries, `metadata.annotations["`+glbc.NEGAnnotation+`"]`)
	}
	return h
}

// A state is whether a Service asks for NEGs after a write; untold where the entry
// doesn't say.
type state uint8

const (
	untold state = iota
	asks
	doesNot
)

// after reads the state from the resulting object, else from the request: an update
// sends the whole object, a patch only what it names.
func after(ch *signal.Change) state {
	if s, _ := annotated(ch.Response); s != untold {
		return s
	}
	s, named := annotated(ch.Request)
	if ch.Verb == "patch" && !named {
		return untold
	}
	return s
}

// annotated reads an object's annotation; named tells whether it mentions it, or
// throws all annotations away.
func annotated(object []byte) (s state, named bool) {
	var body struct {
		Metadata *struct {
			Annotations json.RawMessage `json:"annotations"`
		} `json:"metadata"`
	}
	if object == nil || json.Unmarshal(object, &body) != nil || body.Metadata == nil {
		return untold, false
	}
	if string(body.Metadata.Annotations) == "null" {
		return doesNot, true
	}
	var values map[string]*string
	if body.Metadata.Annotations != nil && json.Unmarshal(body.Metadata.Annotations, &values) != nil {
		return untold, false
	}
	value, named := values[glbc.NEGAnnotation]
	if value != nil {
		svc := corev1.Service{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{glbc.NEGAnnotation: *value}}}
		if glbc.NEGRequestOf(&svc).Ingress {
			return asks, true
		}
	}
	return doesNot, named
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
