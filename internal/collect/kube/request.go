package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/collect/refusal"
)

// longestRefusal is how much is read of an answer that isn't one, in bytes.
const longestRefusal = 64 << 10

// get sends one GET and hands the body of a 200 to read. There is no second
// attempt, whatever comes back (decision 12).
func (c *Cluster) get(ctx context.Context, at string, query url.Values, read func(io.Reader) error) error {
	where := *c.access.Base
	where.Path, where.RawQuery = at, query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("preparing the request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.direct.Do(req)
	if err != nil {
		if outer, ok := errors.AsType[*url.Error](err); ok { // repeats the whole address
			err = outer.Err
		}
		return fmt.Errorf("sending the request: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return refused(resp)
	}
	return read(resp.Body)
}

// path is where a resource's objects are: all of them, those of a namespace, or one.
func (r resource) path(namespace, name string) (string, error) {
	parts := []string{"", "api", r.version}
	if r.group != "" {
		parts = []string{"", "apis", r.group, r.version}
	}
	if namespace != "" {
		parts = append(parts, "namespaces", namespace)
	}
	parts = append(parts, r.plural)
	if name != "" {
		parts = append(parts, name)
	}
	for _, segment := range []string{namespace, name} {
		if faults := content.IsPathSegmentName(segment); segment != "" && len(faults) > 0 {
			return "", fmt.Errorf("%q is no name: %s", segment, faults[0])
		}
	}
	return strings.Join(parts, "/"), nil
}

// A refusedError is an answer other than 200.
type refusedError struct {
	code int
	// reason is that of the metav1.Status which API servers answer with; empty when
	// the answer was none.
	reason metav1.StatusReason
	// text is the body, at most longestRefusal of it.
	text string
	// plain tells that the body was no JSON at all.
	plain bool
}

func refused(resp *http.Response) *refusedError {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, longestRefusal)) // what there is of it; the status alone says enough
	e := &refusedError{code: resp.StatusCode, text: string(body), plain: !json.Valid(body)}
	var status metav1.Status
	if json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		e.reason, e.text = status.Reason, status.Message
	}
	return e
}

// Error gives the status and the first words of the message.
func (e *refusedError) Error() string {
	text := strings.TrimSpace(e.text)
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "…"
	}
	return refusal.HTTP(e.code) + ": " + text
}

// noSuchObject: the API server looked the object up, and there is none. Another
// 404, such as a proxy's on the way, proves nothing.
func (e *refusedError) noSuchObject() bool {
	return e.code == http.StatusNotFound && e.reason == metav1.StatusReasonNotFound
}

// noSuchResource: the API server doesn't serve the resource. It says so in plain
// text, as net/http does; servers behind its aggregation layer answer a Status.
func (e *refusedError) noSuchResource() bool {
	return e.noSuchObject() || e.code == http.StatusNotFound && e.plain && strings.TrimSpace(e.text) == "404 page not found"
}
