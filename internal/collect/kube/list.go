package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// pageLimit is how many objects a list returns at once.
const pageLimit = 500

// An object is a pointer to one of the vendor's types.
type object[T any] interface {
	*T
	metav1.Object
}

// list reads all pages of a list; trim takes from each object what nobody reads,
// before the next one is decoded.
//
// A list is found as a whole or not at all. If a page fails, or holds an object that
// can't be decoded, the list is unknown: what is missing could be the one that
// matters. So it is when the token of the next page has expired (410, after some
// five minutes): beginning again would be a retry (decision 12), and the token that
// the API server offers instead continues a list of another moment, in which an
// object may be missing.
func list[T any, P object[T]](ctx context.Context, c *Cluster, r resource, namespace string, trim func(P)) facts.Value[[]*T] {
	return selected(ctx, c, r, namespace, "", trim)
}

// selected is list with a field selector.
func selected[T any, P object[T]](ctx context.Context, c *Cluster, r resource, namespace, fields string, trim func(P)) facts.Value[[]*T] {
	at, err := r.path(namespace, "")
	if err != nil {
		return unread[[]*T](ctx, c, r, namespace, err)
	}
	query := url.Values{"limit": {strconv.Itoa(pageLimit)}}
	if fields != "" {
		query.Set("fieldSelector", fields)
	}
	var found []*T
	for {
		token, err := c.page(ctx, at, query, func(d *decoder) error {
			item, broken := decoded[T, P](d)
			if broken == nil {
				trim(item)
				found = append(found, item)
			}
			return broken
		})
		var no *refusedError
		switch {
		case r.optional && errors.As(err, &no) && no.noSuchResource():
			return facts.Absent[[]*T]()
		case err != nil:
			return unread[[]*T](ctx, c, r, namespace, err)
		case token == "":
			return facts.Found(found)
		case token == query.Get("continue"):
			return unread[[]*T](ctx, c, r, namespace, errors.New("the next page is the same page"))
		}
		query.Set("continue", token)
	}
}

// page reads one page of a list and returns the token of the next.
func (c *Cluster) page(ctx context.Context, at string, query url.Values, item func(*decoder) error) (string, error) {
	var next string
	err := c.get(ctx, at, query, func(body io.Reader) error {
		d := newDecoder(body)
		token, err := d.list(func() error { return item(d) })
		next = token
		return err
	})
	return next, err
}

// decoded reads one object. Every object has a name; what has none is something
// else.
func decoded[T any, P object[T]](d *decoder) (P, error) {
	item := P(new(T))
	err := d.value(item)
	switch {
	case err != nil && item.GetName() != "":
		return nil, fmt.Errorf("decoding %s/%s: %w", item.GetNamespace(), item.GetName(), err)
	case err != nil:
		return nil, fmt.Errorf("decoding an object: %w", err)
	case item.GetName() == "":
		return nil, errors.New("an object without a name")
	}
	return item, nil
}

// one reads an object by its name.
func one[T any, P object[T]](ctx context.Context, c *Cluster, r resource, namespace, name string, trim func(P)) facts.Value[*T] {
	at, err := r.path(namespace, name)
	if err != nil {
		return unread[*T](ctx, c, r, namespace, err)
	}
	var found P
	err = c.get(ctx, at, nil, func(body io.Reader) (broken error) {
		found, broken = decoded[T, P](newDecoder(body))
		return broken
	})
	var no *refusedError
	switch {
	case errors.As(err, &no) && no.noSuchObject():
		return facts.Absent[*T]()
	case err != nil:
		return unread[*T](ctx, c, r, namespace, err)
	}
	trim(found)
	return facts.Found[*T](found)
}
