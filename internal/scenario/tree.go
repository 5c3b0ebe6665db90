package scenario

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A tree is a world as files, layer upon layer, before it is decoded.
type tree struct {
	// order is that of first appearance.
	order []string
	docs  map[string]*document
	// logs and entries by their path: a file of the same path replaces.
	logs      map[string][]logLine
	entries   map[string][]json.RawMessage
	responses []Response
	dns       map[string]DNSRecord
}

func newTree() *tree {
	return &tree{docs: map[string]*document{}, logs: map[string][]logLine{}, entries: map[string][]json.RawMessage{}}
}

func (t *tree) clone() *tree {
	return &tree{
		order: slices.Clone(t.order), docs: maps.Clone(t.docs), logs: maps.Clone(t.logs), entries: maps.Clone(t.entries),
		responses: t.responses, dns: t.dns,
	}
}

// lay removes what the layer removes, then puts its files on top. A file under
// logging/, trigger.jsonl, responses.yaml and dns.yaml replaces the one of the
// same path; logging files of other names stay.
func (l *loader) lay(t *tree, y layer) {
	for _, r := range y.removes {
		if !t.remove(r.path) {
			l.errorf(r.place, "remove", "there is no %s to remove", r.path)
		}
	}
	on, bottom := &y, len(t.order) == 0
	for _, f := range y.files {
		switch f.slot.role {
		case roleCluster, roleResource, roleHealth, roleEndpoints, roleFirewalls, roleRegionFirewalls, roleProject, roleRegion, roleOperation, roleCertificates:
			if d, ok := l.readJSON(f.member, on); ok {
				d.slot = f.slot
				d.key = f.slot.key()
				l.put(t, d, bottom)
			}
		case roleManifest:
			for _, d := range l.manifests(f.member, f.slot, on) {
				l.put(t, d, bottom)
			}
		case roleLog:
			t.logs[f.slot.path] = l.history(f.member)
		case roleEntries:
			t.entries[f.slot.path] = readEntries(f.member)
		case roleResponses:
			t.responses = l.responses(f.member)
		case roleDNS:
			t.dns = l.dns(f.member)
		case roleHeader, roleWant, roleTimeline:
		}
	}
}

// answers are the files under a resource, as documents of their own.
var answers = map[role]string{
	roleHealth: "/health", roleEndpoints: "/endpoints", roleFirewalls: "/effectiveFirewalls", roleRegionFirewalls: "/effectiveFirewalls",
	roleProject: "/project", roleRegion: "/region",
}

// key is the document's path in the tree: that of the file, less .json.
func (s slot) key() string {
	if s.role == roleCluster || s.role == roleOperation {
		return "container/" + s.path
	}
	if s.role == roleCertificates {
		return "certificatemanager/" + s.path
	}
	return "compute/" + s.path + answers[s.role]
}

// put lays one document on the tree. At the bottom there is nothing to merge
// with, and a null is a null.
func (l *loader) put(t *tree, d *document, bottom bool) {
	if !isObject(d.body) && d.slot.role != roleEndpoints {
		l.errorf(d.place(""), "", "not a JSON object")
		return
	}
	base, ok := t.docs[d.key]
	if ok && base.sources[len(base.sources)-1].layer == d.sources[0].layer {
		l.errorf(d.place("metadata"), "metadata.name", "%s is there twice; the other is at %s", d.id, base.place("metadata"))
		return
	}
	if ok || !bottom {
		var err error
		if d, err = d.on(base); err != nil {
			l.errorf(d.place(""), "", "%v", err)
			return
		}
	}
	if !ok {
		t.order = append(t.order, d.key)
	}
	t.docs[d.key] = d
}

// remove takes out what a path of `remove:` names, and reports whether there was
// anything.
func (t *tree) remove(path string) bool {
	path = strings.TrimSuffix(path, ".json")
	// A resource takes its health.json and the like along.
	gone := func(key string) bool { return key == path || "compute/"+t.docs[key].slot.path == path }
	if strings.HasPrefix(path, "kubernetes/") {
		gone = func(key string) bool {
			id := t.docs[key].id
			return id.name != "" && "kubernetes/"+id.cluster+"/"+id.String() == path
		}
	}
	before := len(t.order)
	t.order = slices.DeleteFunc(t.order, func(key string) bool {
		if !gone(key) {
			return false
		}
		delete(t.docs, key)
		return true
	})
	return len(t.order) < before || t.removeFile(path)
}

func (t *tree) removeFile(path string) bool {
	_, isLog := t.logs[path]
	delete(t.logs, path)
	switch {
	case path == "responses.yaml" && t.responses != nil:
		t.responses = nil
	case path == "dns.yaml" && t.dns != nil:
		t.dns = nil
	default:
		return isLog
	}
	return true
}
