package fakecloud

import (
	"path"
	"strings"

	"plumbline/internal/scenario"
)

// A podQuestion is what the API server asks a pod.
type podQuestion struct {
	// pod is namespace/name.
	pod  string
	port int32
	// scheme is http or https.
	scheme string
	path   string
	// host is the Host header that the pod will receive.
	host string
}

// answer finds the row that answers and what the port speaks towards the caller:
// http, https, or nothing (refused). First match wins. Where no row answers in
// the scheme that was asked in, the port may still speak the other one; then the
// row is nil and the mismatch takes its course.
func (q podQuestion) answer(rows []scenario.Response) (row *scenario.Response, speaks string) {
	for i := range rows {
		row = &rows[i]
		if !q.atPort(row) || !q.inScheme(row) || !glob(row.Path, q.path) || (row.Host != "" && !strings.EqualFold(row.Host, q.host)) {
			continue
		}
		switch row.Error {
		case "refused":
			return nil, ""
		case "tls", "certificate":
			return row, "https"
		}
		return row, q.scheme
	}
	for i := range rows {
		if q.atPort(&rows[i]) && !q.inScheme(&rows[i]) && (rows[i].Error == "" || rows[i].Error == "certificate") {
			return nil, map[string]string{"http": "https", "https": "http"}[q.scheme]
		}
	}
	return nil, ""
}

func (q podQuestion) atPort(row *scenario.Response) bool {
	matched, err := path.Match(row.Pod, q.pod)
	return err == nil && matched && row.Port == q.port
}

// inScheme reports whether a row is about this scheme. A row without one answers
// http, and fails either; a tcp port accepts whatever comes and understands none.
func (q podQuestion) inScheme(row *scenario.Response) bool {
	switch {
	case row.Scheme == "tcp":
		return true
	case row.Scheme == "" && row.Error != "":
		return true
	case row.Scheme == "":
		return q.scheme == "http"
	}
	return row.Scheme == q.scheme
}

// glob matches a path; its `*` also matches slashes.
func glob(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	if name == "" {
		name = "/"
	}
	matched, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return err == nil && matched
}
