package scenario

import (
	"io/fs"
	"slices"
	"strings"
	"time"

	"plumbline/internal/facts"
)

// formatVersion is the version of the format that this reader knows.
const formatVersion = 1

// A header is scenario.yaml as it is written.
type header struct {
	Version     *int           `json:"version"`
	Title       string         `json:"title"`
	Source      string         `json:"source"`
	World       string         `json:"world"`
	Now         string         `json:"now"`
	Project     string         `json:"project"`
	Target      *target        `json:"target"`
	Trigger     string         `json:"trigger"`
	Remove      []string       `json:"remove"`
	Deny        []string       `json:"deny"`
	Fail        map[string]int `json:"fail"`
	Unavailable []string       `json:"unavailable"`
	Unreachable []string       `json:"unreachable"`
	Probe       *bool          `json:"probe"`
	Expect      *Expect        `json:"expect"`
	ExpectAfter *Expect        `json:"expectAfter"`

	// doc is where it was read, now the parsed Now; zero when absent.
	doc *document
	now time.Time
}

type target struct {
	Cluster   string `json:"cluster"`
	Project   string `json:"project"`
	Scope     string `json:"scope"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// readHeader reads and checks scenario.yaml, as far as it can be judged alone.
func (l *loader) readHeader(m *member) (*header, bool) {
	d, ok := l.readSingle(m)
	if !ok {
		return nil, false
	}
	if string(d.body) == "null" {
		d.body = []byte("{}")
	}
	var h *header
	if _, ok := l.strict(d, "scenario.yaml", false, intoStruct(func() any {
		h = &header{}
		return h
	})); !ok {
		return nil, false
	}
	h.doc = d
	before := len(l.errs)
	l.checkHeader(h)
	return h, len(l.errs) == before
}

func (l *loader) checkHeader(h *header) {
	d := h.doc
	switch {
	case h.Version == nil:
		l.errorf(d.sources[0].at(1), "version", "version is missing; this reader knows version %d", formatVersion)
	case *h.Version != formatVersion:
		l.errorf(d.place("version"), "version", "version is %d; this reader knows version %d", *h.Version, formatVersion)
	}
	if h.Now != "" {
		now, err := time.Parse(time.RFC3339Nano, h.Now)
		if err != nil {
			l.errorf(d.place("now"), "now", "now is %q; a moment like 2021-09-28T00:36:18Z is expected", h.Now)
		}
		h.now = now
	}
	if h.World != "" && (!fs.ValidPath(h.World) || h.World == ".") {
		l.errorf(d.place("world"), "world", "world is %q; the name of a world, testdata/worlds/NAME, is expected", h.World)
	}
	if h.Target != nil {
		l.checkTarget(d, h.Target)
		if h.Trigger != "" {
			l.errorf(d.place("trigger"), "trigger", "target and trigger are both given: a scenario is a manual run or starts from entries")
		}
	}
	if h.Trigger != "" && (!fs.ValidPath(h.Trigger) || !strings.HasSuffix(h.Trigger, ".jsonl")) {
		l.errorf(d.place("trigger"), "trigger", "trigger is %q; a .jsonl file of the scenario is expected", h.Trigger)
	}
	l.checkBehaviour(h)
	l.checkExpect(d, "expect", h.Expect)
	l.checkExpect(d, "expectAfter", h.ExpectAfter)
}

// checkBehaviour checks how the APIs are to behave.
func (l *loader) checkBehaviour(h *header) {
	d := h.doc
	for i, permission := range h.Deny {
		l.checkPermission(d, indexPath("deny", i), permission)
	}
	for _, permission := range sortedKeys(h.Fail) {
		key := keyPath("fail", permission)
		l.checkPermission(d, key, permission)
		if status := h.Fail[permission]; status < 400 || status > 599 {
			l.errorf(d.place(key), key, "%s fails with %d; an HTTP status of 400 to 599 is expected", permission, status)
		}
	}
	for i, plane := range h.Unavailable {
		if cluster, ok := strings.CutPrefix(plane, "kubernetes/"); !ok || cluster == "" || strings.Contains(cluster, "/") {
			key := indexPath("unavailable", i)
			l.errorf(d.place(key), key, "%q isn't a control plane; kubernetes/CLUSTER is expected", plane)
		}
	}
	for i, scope := range h.Unreachable {
		kind, name, ok := strings.Cut(scope, "/")
		if !ok || (kind != "zones" && kind != "regions") || name == "" || strings.Contains(name, "/") {
			key := indexPath("unreachable", i)
			l.errorf(d.place(key), key, "%q isn't a scope; zones/Z or regions/R is expected", scope)
		}
	}
}

// checkTarget checks the two forms: an object of a cluster, and one outside.
func (l *loader) checkTarget(d *document, t *target) {
	inside := []string{facts.KindIngress, facts.KindGateway, facts.KindService, facts.KindCluster}
	outside := []string{facts.KindBackendService, facts.KindCertificate}
	if !slices.Contains(inside, t.Kind) && !slices.Contains(outside, t.Kind) {
		l.errorf(d.place("target.kind"), "target.kind", "kind is %q; it can be %s, and outside any cluster %s", t.Kind, strings.Join(inside, ", "), strings.Join(outside, ", "))
		return
	}
	if slices.Contains(outside, t.Kind) {
		l.need(d, t.Kind, "target.name", t.Name)
		l.refuse(d, t.Kind, "target.cluster", t.Cluster)
		l.refuse(d, t.Kind, "target.namespace", t.Namespace)
		if region, ok := strings.CutPrefix(t.Scope, "regions/"); t.Scope != "global" && (!ok || region == "" || strings.Contains(region, "/")) {
			l.errorf(d.place("target.scope"), "target.scope", "scope is %q; global or regions/R is expected", t.Scope)
		}
		return
	}
	l.refuse(d, t.Kind, "target.project", t.Project)
	l.refuse(d, t.Kind, "target.scope", t.Scope)
	_, _, name := facts.ClusterParts(t.Cluster)
	if name == "" {
		l.errorf(d.place("target.cluster"), "target.cluster", "cluster is %q; projects/P/locations/L/clusters/C is expected", t.Cluster)
		return
	}
	if t.Kind != facts.KindCluster {
		l.need(d, t.Kind, "target.namespace", t.Namespace)
		l.need(d, t.Kind, "target.name", t.Name)
		return
	}
	l.refuse(d, t.Kind, "target.namespace", t.Namespace)
	if t.Name != "" && t.Name != name && t.Name != t.Cluster {
		l.errorf(d.place("target.name"), "target.name", "name is %q, but the cluster is %s", t.Name, t.Cluster)
	}
}

func (l *loader) need(d *document, kind, key, value string) {
	if value == "" {
		l.errorf(d.place(key), key, "a target of kind %s needs %s", kind, parentless(key))
	}
}

func (l *loader) refuse(d *document, kind, key, value string) {
	if value != "" {
		l.errorf(d.place(key), key, "a target of kind %s has no %s", kind, parentless(key))
	}
}

// ref is the target as the rest of the program names it.
func (t *target) ref(project string) *facts.Ref {
	if t.Kind == facts.KindCluster {
		return new(facts.ClusterRef(t.Cluster))
	}
	if t.Cluster == "" && t.Project == "" {
		return &facts.Ref{Project: project, Scope: t.Scope, Kind: t.Kind, Name: t.Name}
	}
	return &facts.Ref{Cluster: t.Cluster, Project: t.Project, Scope: t.Scope, Kind: t.Kind, Namespace: t.Namespace, Name: t.Name}
}

func (l *loader) checkExpect(d *document, key string, e *Expect) {
	if e == nil {
		return
	}
	l.oneOf(d, key+".verdict", e.Verdict, "", "root-cause", "pending", "unexplained", "healthy", "not-ours")
	l.oneOf(d, key+".confidence", e.Confidence, "", "proven", "likely", "possible")
	if e.RootCauses != nil {
		l.checkIDs(d, key+".rootCauses", *e.RootCauses)
	}
	l.checkIDs(d, key+".not", e.Not)
	if n := strings.Count(e.Subject, "/"); e.Subject != "" && (n < 1 || n > 2) {
		l.errorf(d.place(key+".subject"), key+".subject", "subject is %q; Kind/name or Kind/namespace/name is expected", e.Subject)
	}
}

func (l *loader) checkIDs(d *document, key string, ids []string) {
	for i, id := range ids {
		if layer, cause, ok := strings.Cut(id, "/"); !ok || layer == "" || cause == "" || strings.Contains(cause, "/") {
			l.errorf(d.place(indexPath(key, i)), indexPath(key, i), "%q isn't the ID of a cause, layer/cause", id)
		}
	}
}
