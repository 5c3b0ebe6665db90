package fakeslack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// arguments reads a call's arguments, of a form or of a JSON object, in which
// nested values stay JSON. A bearer token counts as the argument token.
func arguments(body io.Reader, r *http.Request) (map[string]string, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("reading the body of %s: %w", r.URL.Path, err)
	}
	args := map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		err = ofJSON(raw, args)
	} else {
		err = ofForm(string(raw), args)
	}
	if err != nil {
		return nil, fmt.Errorf("decoding the body of %s: %w", r.URL.Path, err)
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		args["token"] = token
	}
	return args, nil
}

func ofForm(raw string, args map[string]string) error {
	form, err := url.ParseQuery(raw)
	if err != nil {
		return err
	}
	for k := range form {
		args[k] = form.Get(k)
	}
	return nil
}

func ofJSON(raw []byte, args map[string]string) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	for k, v := range object {
		var text string
		switch {
		case json.Unmarshal(v, &text) == nil:
			args[k] = text
		case !bytes.Equal(v, []byte("null")):
			args[k] = string(v)
		}
	}
	return nil
}
