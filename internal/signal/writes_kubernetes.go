package signal

import (
	"strconv"
	"strings"
)

// kubernetesWrites reads what a cluster's API server tells of a write. A patch names
// what it changes, unless it is a server-side apply, which sends all that the
// applier manages; the response is the object that came of it (gcp-facts.md §2.2).
func kubernetesWrites(c *Change) Writes {
	request := decode(c.Request)
	if c.Verb == "patch" {
		if ops, ok := patchOps(request); ok {
			return Writes{Named: ops}.after(c)
		}
	}
	body, ok := request.(map[string]any)
	if !ok {
		return Writes{}.after(c)
	}
	_, hasKind := body["kind"].(string)
	_, hasVersion := body["apiVersion"].(string)
	w := Writes{}
	switch c.Verb {
	case "create", "update":
		w.Whole = !isScale(c)
	case "patch":
		w.Whole = hasKind && hasVersion && !isScale(c)
	default:
		return w
	}
	f := flattener{values: map[string]*string{}, keyOf: kubernetesKey, patch: c.Verb == "patch"}
	f.object(body)
	w.Named = f.values
	if w.Whole && c.Verb != "patch" {
		w.After, w.Complete = f.state(), c.Verb == "update"
	}
	return w.after(c)
}

func isScale(c *Change) bool { return strings.Contains(c.Method, ".scale.") }

// after adds the object of the response, where there is one.
func (w Writes) after(c *Change) Writes {
	body, ok := decode(c.Response).(map[string]any)
	if !ok || isScale(c) || c.Verb == "delete" || c.Verb == "deletecollection" {
		return w
	}
	typ, _ := body["@type"].(string)
	if _, ok := body["metadata"].(map[string]any); !ok || strings.HasSuffix(typ, ".Status") || body["kind"] == "Status" {
		return w
	}
	f := flattener{values: map[string]*string{}, keyOf: kubernetesKey}
	f.object(body)
	w.After, w.Complete = f.state(), true
	return w
}

// object notes an object's fields: of the metadata its annotations and labels, and
// nothing of its status.
func (f *flattener) object(body map[string]any) {
	for key, value := range body {
		switch key {
		case "@type", "apiVersion", "kind", "status":
		case "metadata":
			metadata, _ := value.(map[string]any)
			f.annotations(metadata)
			if labels, ok := metadata["labels"]; ok {
				f.walk("metadata.labels", labels)
			}
		default:
			if !strings.HasPrefix(key, "$") {
				f.walk(key, value)
			}
		}
	}
}

// lastApplied repeats the whole object, for kubectl apply.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

func (f *flattener) annotations(metadata map[string]any) {
	all, ok := metadata["annotations"]
	if !ok {
		return
	}
	values, ok := all.(map[string]any)
	if !ok {
		f.walk("metadata.annotations", all)
		return
	}
	for key, value := range values {
		if key != lastApplied {
			f.walk(`metadata.annotations["`+key+`"]`, value)
		}
	}
}

// kubernetesKey is the key by which a strategic merge patch finds an element.
func kubernetesKey(list string, element map[string]any) string {
	var keys []string
	switch list {
	case "containers", "initContainers", "env", "volumes":
		keys = []string{"name"}
	case "ports":
		keys = []string{"containerPort", "port"}
	}
	f := flattener{}
	for _, key := range keys {
		if value, ok := element[key]; ok {
			return f.spell(value)
		}
	}
	return ""
}

// patchOps reads a JSON patch (RFC 6902); ok is false for a body of another sort.
func patchOps(request any) (named map[string]*string, ok bool) {
	if body, isObject := request.(map[string]any); isObject {
		request = body["value"]
	}
	list, ok := request.([]any)
	if !ok {
		return nil, false
	}
	f := flattener{values: map[string]*string{}, keyOf: func(string, map[string]any) string { return "" }, patch: true}
	for _, element := range list {
		op, _ := element.(map[string]any)
		pointer, _ := op["path"].(string)
		path := pointed(pointer)
		if path == "" || !isSetting(path) {
			continue
		}
		switch op["op"] {
		case "add", "replace":
			f.walk(path, op["value"])
		case "remove":
			f.values[path] = nil
		}
	}
	return f.values, true
}

// isSetting: what object notes of an object.
func isSetting(path string) bool {
	if strings.Contains(path, lastApplied) || path == "status" || strings.HasPrefix(path, "status.") {
		return false
	}
	return !strings.HasPrefix(path, "metadata.") || strings.HasPrefix(path, "metadata.annotations") || strings.HasPrefix(path, "metadata.labels")
}

// pointed turns a JSON pointer (RFC 6901) into a path; the elements of lists keep
// their index.
func pointed(pointer string) string {
	path := ""
	for segment := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		segment = strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
		if _, err := strconv.ParseUint(segment, 10, 16); err == nil && path != "" && !isMap(path) {
			path += "[" + segment + "]"
			continue
		}
		if path == "metadata.annotations" {
			path += `["` + segment + `"]`
			continue
		}
		path = join(path, segment)
	}
	return path
}

// isMap: its keys are anybody's, so that a number among them is no index.
func isMap(path string) bool {
	switch path[strings.LastIndexByte(path, '.')+1:] {
	case "annotations", "labels", "data", "matchLabels", "selector":
		return true
	}
	return false
}
