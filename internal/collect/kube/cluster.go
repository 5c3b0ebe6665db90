package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"plumbline/internal/collect/refusal"
	"plumbline/internal/facts"
)

// pageLimit is how many objects a list returns at once.
const pageLimit = 500

// connect is the permission to come in by the DNS endpoint; its lack refuses
// everything, whatever was asked (gcp-facts.md §8).
const connect = "container.clusters.connect"

// A Cluster reads the objects of one cluster. Its reads return errors as
// *facts.Error: the permission for a refusal, kubernetes/CLUSTER when the control
// plane can't be reached or doesn't take our token.
type Cluster struct {
	name    string
	objects dynamic.Interface
	access  Access
}

// A query says what to list; an empty namespace means all.
type query struct {
	needs     facts.Kind
	resource  schema.GroupVersionResource
	namespace string
	fields    string
}

// list reads all pages of a list and makes each object what the caller needs.
func list[T any](ctx context.Context, c *Cluster, q query, convert func(*unstructured.Unstructured) (T, error)) facts.Value[[]T] {
	var found []T
	options := metav1.ListOptions{Limit: pageLimit, FieldSelector: q.fields}
	for {
		page, err := c.objects.Resource(q.resource).Namespace(q.namespace).List(ctx, options)
		if err != nil {
			return unread[[]T](ctx, c, q, err)
		}
		for i := range page.Items {
			item, err := convert(&page.Items[i])
			if err != nil {
				return unread[[]T](ctx, c, q, err)
			}
			found = append(found, item)
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return facts.Found(found)
		}
	}
}

// typed makes a k8s.io/api object of what the dynamic client returned.
func typed[T any](u *unstructured.Unstructured) (*T, error) {
	object := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, object); err != nil {
		return nil, fmt.Errorf("decoding %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	return object, nil
}

// unread is the Value of a read that failed.
func unread[T any](ctx context.Context, c *Cluster, q query, err error) facts.Value[T] {
	needs, status := c.classify(ctx, q.needs, err)
	what := q.resource.Resource
	if q.namespace != "" {
		what += " in " + q.namespace
	}
	return facts.Unknown[T](&facts.Error{Needs: needs, Status: status, Err: fmt.Errorf("reading %s of %s: %w", what, c.name, err)})
}

// classify tells what an error is a lack of, and its short form.
func (c *Cluster) classify(ctx context.Context, kind facts.Kind, err error) (needs, status string) {
	var lost *connectionError
	var answer apierrors.APIStatus
	switch {
	case errors.As(err, &lost) && lost.slow, ctx.Err() != nil && !errors.As(err, &lost):
		return string(kind), refusal.Connection(context.Cause(ctx))
	case errors.As(err, &lost):
		return gap(c.name), lost.status
	case !errors.As(err, &answer):
		return string(kind), "unreadable answer"
	}
	code := int(answer.Status().Code)
	switch {
	case code == http.StatusUnauthorized:
		return gap(c.name), refusal.HTTP(code)
	case code == http.StatusForbidden && strings.Contains(err.Error(), connect):
		return gap(c.name), refusal.HTTP(code) + " " + connect
	}
	return string(kind), refusal.HTTP(code)
}

func isNotFound(err error) bool { return apierrors.IsNotFound(err) }
