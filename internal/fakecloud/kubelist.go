package fakecloud

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kubeVersion is the resource version of a whole world.
func kubeVersion(st *state) string { return strconv.Itoa(100000 + st.generation) }

// A continuation is where a list goes on, and of which world.
type continuation struct {
	Version string `json:"rv"`
	Start   string `json:"start"`
}

// list answers a list request, one page of it when there is a limit.
func (r *resource) list(st *state, q kubeRequest, query url.Values) (any, error) {
	matches, err := r.selector(query)
	if err != nil {
		return nil, err
	}
	limit, start, err := paging(st, query)
	if err != nil {
		return nil, err
	}
	within, selected := r.from(q.namespace, start), query.Get("labelSelector") != "" || query.Get("fieldSelector") != ""
	metadata := map[string]any{"resourceVersion": kubeVersion(st)}
	var page []*kubeObject
	for i, o := range within {
		if selected && !matches(o.Unstructured) {
			continue
		}
		if limit == 0 || len(page) < limit {
			page = append(page, o)
			continue
		}
		token, err := json.Marshal(continuation{Version: kubeVersion(st), Start: o.key})
		if err != nil {
			return nil, err
		}
		metadata["continue"] = base64.RawURLEncoding.EncodeToString(token)
		if !selected {
			metadata["remainingItemCount"] = len(within) - i
		}
		break
	}
	return r.encodeList(st, metadata, page)
}

// from is the namespace's part of the objects, all for the empty one, from a key on.
func (r *resource) from(namespace, start string) []*kubeObject {
	objects := r.objects
	if namespace != "" {
		first, _ := r.position(namespace + "/")
		// The character after the slash ends the namespace's keys.
		last, _ := r.position(namespace + "0")
		objects = objects[first:last]
	}
	i, _ := slices.BinarySearchFunc(objects, start, func(o *kubeObject, key string) int { return strings.Compare(o.key, key) })
	return objects[i:]
}

// encodeList writes a list around its items, each of which is encoded once in its
// life: a cluster's pods are asked for again and again, and by the page.
func (r *resource) encodeList(st *state, metadata map[string]any, page []*kubeObject) (any, error) {
	head, err := json.Marshal(metadata)
	if err != nil {
		return nil, err
	}
	items, size := make([][]byte, len(page)), len(head)
	for i, o := range page {
		if items[i], err = r.item(st, o); err != nil {
			return nil, err
		}
		size += len(items[i]) + 1
	}
	text := bytes.NewBuffer(make([]byte, 0, size+len(r.apiVersion())+len(r.kind)+64))
	fmt.Fprintf(text, `{"apiVersion":%q,"kind":%q,"metadata":%s,"items":[`, r.apiVersion(), r.kind+"List", head)
	for i, item := range items {
		if i > 0 {
			text.WriteByte(',')
		}
		text.Write(item)
	}
	text.WriteString("]}")
	return encoded(text.Bytes()), nil
}

// item is an object as lists have it: the API server leaves kind and version out
// of built-in ones, clients take them from the list's own.
func (r *resource) item(st *state, o *kubeObject) ([]byte, error) {
	o.encode.Do(func() {
		object := withVersion(o.Unstructured, st)
		if r.builtin {
			delete(object, "apiVersion")
			delete(object, "kind")
		}
		o.item, o.err = json.Marshal(object)
	})
	return o.item, o.err
}

// paging reads limit and continue. A token of an earlier world has expired, as
// one does after a compaction.
func paging(st *state, query url.Values) (limit int, start string, err error) {
	if v := query.Get("limit"); v != "" {
		if limit, err = strconv.Atoi(v); err != nil || limit < 0 {
			return 0, "", apierrors.NewBadRequest(fmt.Sprintf("invalid value for limit: %q", v))
		}
	}
	version := query.Get("resourceVersion")
	if version != "" {
		if _, err = strconv.ParseUint(version, 10, 64); err != nil {
			return 0, "", apierrors.NewBadRequest(fmt.Sprintf("invalid resource version %q", version))
		}
	}
	token := query.Get("continue")
	if token == "" {
		return limit, "", nil
	}
	if version != "" && version != "0" {
		return 0, "", apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
	}
	var c continuation
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(text, &c) != nil || c.Start == "" {
		return 0, "", apierrors.NewBadRequest("continue key is not valid: " + token)
	}
	if c.Version != kubeVersion(st) {
		return 0, "", apierrors.NewResourceExpired("The provided continue parameter is too old to display a consistent list result.")
	}
	return limit, c.Start, nil
}

// withVersion is the object with the resource version that every live object
// has; the world's own is not touched.
func withVersion(o *unstructured.Unstructured, st *state) map[string]any {
	object := maps.Clone(o.Object)
	metadata, _ := object["metadata"].(map[string]any)
	if _, ok := metadata["resourceVersion"]; !ok {
		metadata = maps.Clone(metadata)
		if metadata == nil {
			metadata = map[string]any{}
		}
		metadata["resourceVersion"] = kubeVersion(st)
		object["metadata"] = metadata
	}
	return object
}
