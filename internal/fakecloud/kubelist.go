package fakecloud

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
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
	var found []*unstructured.Unstructured
	for _, o := range r.objects {
		if (q.namespace == "" || o.GetNamespace() == q.namespace) && objectKey(o) >= start && matches(o) {
			found = append(found, o)
		}
	}
	metadata := map[string]any{"resourceVersion": kubeVersion(st)}
	if limit > 0 && len(found) > limit {
		token, err := json.Marshal(continuation{Version: kubeVersion(st), Start: objectKey(found[limit])})
		if err != nil {
			return nil, err
		}
		metadata["continue"] = base64.RawURLEncoding.EncodeToString(token)
		if query.Get("labelSelector") == "" && query.Get("fieldSelector") == "" {
			metadata["remainingItemCount"] = len(found) - limit
		}
		found = found[:limit]
	}
	items := make([]map[string]any, 0, len(found))
	for _, o := range found {
		item := withVersion(o, st)
		if r.builtin {
			// The API server leaves these out of typed lists; clients take them from
			// the list's own kind.
			delete(item, "apiVersion")
			delete(item, "kind")
		}
		items = append(items, item)
	}
	return map[string]any{"apiVersion": r.apiVersion(), "kind": r.kind + "List", "metadata": metadata, "items": items}, nil
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

// selector compiles labelSelector and fieldSelector.
func (r *resource) selector(query url.Values) (func(*unstructured.Unstructured) bool, error) {
	byLabel, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("unable to parse requirement: %v", err))
	}
	byField, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	for _, requirement := range byField.Requirements() {
		if !r.selectable(requirement.Field) {
			return nil, apierrors.NewBadRequest("field label not supported: " + requirement.Field)
		}
	}
	return func(o *unstructured.Unstructured) bool {
		if !byLabel.Matches(labels.Set(o.GetLabels())) {
			return false
		}
		values := fields.Set{}
		for _, requirement := range byField.Requirements() {
			values[requirement.Field] = textAt(o, requirement.Field)
		}
		return byField.Matches(values)
	}, nil
}

// selectable tells which fields an API server can select by.
func (r *resource) selectable(field string) bool {
	switch field {
	case "metadata.name":
		return true
	case "metadata.namespace":
		return r.namespaced
	}
	switch r.group + "/" + r.kind {
	case "/Event":
		switch field {
		case "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
			"involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "type":
			return true
		}
	case "/Pod":
		return field == "spec.nodeName" || field == "status.phase" || field == "status.podIP"
	}
	return false
}

func textAt(o *unstructured.Unstructured, field string) string {
	text, _, _ := unstructured.NestedString(o.Object, strings.Split(field, ".")...)
	return text
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
