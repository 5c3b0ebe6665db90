package fakecloud

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

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
			return nil, apierrors.NewBadRequest(fmt.Sprintf(
				"Unable to find %q that match label selector %q, field selector %q: field label not supported: %s",
				r.gvr(), query.Get("labelSelector"), query.Get("fieldSelector"), requirement.Field,
			))
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

// selectable tells which fields an API server can select by: the name, and what
// few kinds have besides.
func (r *resource) selectable(field string) bool {
	switch field {
	case "metadata.name":
		return true
	case "metadata.namespace":
		return r.namespaced
	}
	if !r.builtin {
		return false
	}
	return slices.Contains(map[string][]string{
		"/Event": {
			"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
			"involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
		},
		"/Pod": {
			"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
			"status.podIP", "status.podIPs", "status.nominatedNodeName",
		},
		"/Namespace":             {"status.phase"},
		"/Node":                  {"spec.unschedulable"},
		"/ReplicationController": {"status.replicas"},
		"/Secret":                {"type"},
		"/Service":               {"spec.clusterIP", "spec.type"},
		"apps/ReplicaSet":        {"status.replicas"},
		"batch/Job":              {"status.successful"},
	}[r.group+"/"+r.kind], field)
}

// textAt is a field as selectors compare it. One that isn't set has the zero value
// of its type.
func textAt(o *unstructured.Unstructured, field string) string {
	path := strings.Split(field, ".")
	switch field {
	case "source":
		component, _, _ := unstructured.NestedString(o.Object, "source", "component")
		if component == "" {
			component, _, _ = unstructured.NestedString(o.Object, "reportingComponent")
		}
		return component
	case "status.podIPs":
		return podIP(o)
	case "status.successful":
		path = []string{"status", "succeeded"}
	}
	value, found, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
	if found {
		return fmt.Sprint(value)
	}
	switch field {
	case "spec.hostNetwork", "spec.unschedulable":
		return "false"
	case "status.replicas", "status.successful":
		return "0"
	}
	return ""
}
