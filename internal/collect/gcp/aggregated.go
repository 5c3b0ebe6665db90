package gcp

import (
	"context"
	"errors"

	"cloud.google.com/go/compute/apiv1/computepb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/iterator"

	"plumbline/internal/facts"
)

// pageSize is the most that the Compute API returns at once.
const pageSize = 500

// full is maxResults for a whole page.
var full = new(uint32(pageSize))

// A lister is the method of a client that begins a list; I is its iterator.
type lister[C, Q, I any] func(C, context.Context, Q, ...gax.CallOption) I

// A scoped is what an aggregated list has under one key.
type scoped interface{ GetWarning() *computepb.Warning }

// aggregated reads a list of all scopes, to its end. page returns the iterator's
// Response: the answer that holds what it returned last. The type parameters follow
// from the arguments: client, request, iterator, pair of key and value, value, item.
func aggregated[C, Q any, I interface{ Next() (P, error) }, P interface {
	~struct {
		Key   string
		Value S
	}
}, S scoped, T any](ctx context.Context, r *Reader, s subject, open opener[C], begin lister[C, Q, I], request Q, page func(I) any, items func(S) []T) facts.Value[[]T] {
	return trimmed(ctx, r, s, "", open, begin, request, page, items)
}

// trimmed is aggregated with a partial response: fields says what the items keep.
// The API then also leaves out what a list says of itself, so fields names
// nextPageToken, unreachables and the warnings.
func trimmed[C, Q any, I interface{ Next() (P, error) }, P interface {
	~struct {
		Key   string
		Value S
	}
}, S scoped, T any](ctx context.Context, r *Reader, s subject, fields string, open opener[C], begin lister[C, Q, I], request Q, page func(I) any, items func(S) []T) facts.Value[[]T] {
	var lacks missing
	take := func(p P) []T {
		pair := struct {
			Key   string
			Value S
		}(p)
		if lacking(pair.Value.GetWarning()) {
			lacks.add(pair.Key)
		}
		return items(pair.Value)
	}
	c := r.call(ctx)
	c.fields = fields
	found, err := pages(ctx, r, c, &lacks, open, begin, request, page, take)
	return list(s, found, err)
}

// global reads a list that isn't aggregated.
func global[C, Q any, I interface{ Next() (T, error) }, T any](ctx context.Context, r *Reader, s subject, open opener[C], begin lister[C, Q, I], request Q, page func(I) any) facts.Value[[]T] {
	var lacks missing
	found, err := pages(ctx, r, r.call(ctx), &lacks, open, begin, request, page, func(item T) []T { return []T{item} })
	return list(s, found, err)
}

// pages joins what take makes of the elements of all pages. The vendor's iterator
// skips a page without any element, and with it what that page says of unreachable
// scopes, except for the last page, which is looked at: the API gives every page its
// scopes. A page that was skipped nevertheless leaves the list incomplete.
func pages[C, Q any, I interface{ Next() (E, error) }, E, T any](ctx context.Context, r *Reader, c *call, lacks *missing, open opener[C], begin lister[C, Q, I], request Q, page func(I) any, take func(E) []T) ([]T, error) {
	client, err := open(ctx, r.options(c)...)
	if err != nil {
		return nil, err
	}
	it := begin(client, ctx, request, once())
	var found []T
	var last any
	seen := int32(0)
	for {
		element, err := it.Next()
		done := errors.Is(err, iterator.Done)
		if err != nil && !done {
			return nil, err
		}
		if answer := page(it); answer != last {
			last = answer
			seen++
			lacks.page(answer)
		}
		if done {
			lacks.unnamed = lacks.unnamed || seen != c.sent.Load()
			return found, lacks.err()
		}
		found = append(found, take(element)...)
	}
}
