package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	sigsjson "sigs.k8s.io/json"
)

// maxObject is how long one object may be as JSON, in bytes. etcd takes 1.5 MiB of
// an object in its own, terser encoding; what is longer than this is a mistake, or
// an attack on our memory.
const maxObject = 8 << 20

// errTooLarge is the error of an object of more than maxObject bytes.
var errTooLarge = errors.New("an object larger than 8 MiB")

// A cutError is an answer that broke off.
type cutError struct{ err error }

func (e *cutError) Error() string { return "the answer broke off: " + e.err.Error() }

func (e *cutError) Unwrap() error { return e.err }

// A decoder reads an answer piece by piece; no more than one object of it is ever
// in memory, nor more than maxObject bytes.
type decoder struct {
	sigsjson.Decoder
	body *bounded
}

func newDecoder(body io.Reader) *decoder {
	b := &bounded{body: body}
	return &decoder{Decoder: sigsjson.NewDecoderCaseSensitivePreserveInts(b), body: b}
}

// bounded lets a decoder read up to limit.
type bounded struct {
	body        io.Reader
	read, limit int64
	// err is what ended the body; it stays.
	err error
}

// Read reads from the body; an error of its own is a *cutError.
func (b *bounded) Read(p []byte) (int, error) {
	switch {
	case b.err != nil:
		return 0, b.err
	case b.read >= b.limit:
		return 0, errTooLarge
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.limit-b.read)])
	b.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &cutError{err}
	}
	b.err = err
	return n, err
}

// next allows for another piece of maxObject bytes.
func (d *decoder) next() { d.body.limit = d.InputOffset() + maxObject }

func (d *decoder) token() (json.Token, error) {
	d.next()
	return d.Token()
}

func (d *decoder) value(into any) error {
	d.next()
	return d.Decode(into)
}

// delim reads a delimiter.
func (d *decoder) delim(want json.Delim) error {
	t, err := d.token()
	if err == nil && t != want {
		err = fmt.Errorf("%v where %v was expected", t, want)
	}
	return err
}

// A listed is what a list object says besides its items.
type listed struct {
	kind  string
	items bool
	// next is the token of the next page; empty on the last.
	next string
}

// list reads a list object, whatever the order of its fields, with item reading
// each object. A list without items or of another kind is an error: nothing may pass
// for an empty list but one.
func (d *decoder) list(item func() error) (next string, err error) {
	var l listed
	if err = d.delim('{'); err != nil {
		return "", err
	}
	for d.more() {
		if err = d.field(&l, item); err != nil {
			return "", err
		}
	}
	if err = d.end(); err != nil {
		return "", err
	}
	if !strings.HasSuffix(l.kind, "List") || !l.items {
		return "", fmt.Errorf("kind %q isn't a list with items", l.kind)
	}
	return l.next, nil
}

// field reads one field of a list object.
func (d *decoder) field(l *listed, item func() error) error {
	key, err := d.token()
	if err != nil {
		return err
	}
	switch key {
	case "kind":
		return d.value(&l.kind)
	case "metadata":
		var metadata struct {
			Continue string `json:"continue"`
		}
		err = d.value(&metadata)
		l.next = metadata.Continue
		return err
	case "items":
		l.items = true
		return d.items(item)
	}
	return d.value(new(json.RawMessage))
}

// items reads an array; null, which an empty Go slice becomes, is one without
// elements.
func (d *decoder) items(item func() error) error {
	t, err := d.token()
	switch {
	case err != nil:
		return err
	case t == nil:
		return nil
	case t != json.Delim('['):
		return fmt.Errorf("items are no array but %v", t)
	}
	for d.more() {
		if err := item(); err != nil {
			return err
		}
	}
	return d.delim(']')
}

func (d *decoder) more() bool {
	d.next()
	return d.More()
}

// end reads the end of the object, after which nothing may come.
func (d *decoder) end() error {
	if err := d.delim('}'); err != nil {
		return err
	}
	if t, err := d.token(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = fmt.Errorf("%v after the end", t)
		}
		return err
	}
	return nil
}
