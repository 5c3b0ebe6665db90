package gcp

import (
	"fmt"

	"plumbline/internal/facts"
)

// A subject is what is read, and the permission that it takes.
type subject struct {
	needs facts.Kind
	what  string
}

// of is the subject of a list of a project.
func of(needs facts.Kind, what, project string) subject {
	return subject{needs, what + " of " + project}
}

// failure is the error of a read that failed, in whole or in part.
func (s subject) failure(err error) *facts.Error {
	return &facts.Error{
		Needs:  string(s.needs),
		Status: status(err),
		Err:    fmt.Errorf("reading %s: %w", s.what, err),
	}
}

// unread is the Value of a read that failed.
func unread[T any](s subject, err error) facts.Value[T] {
	return facts.Unknown[T](s.failure(err))
}

// read is the Value of a read that answered with one thing.
func read[T any](s subject, found T, err error) facts.Value[T] {
	if err != nil {
		return unread[T](s, err)
	}
	return facts.Found(found)
}

// object is read for one that may be gone.
func object[T any](s subject, found T, err error) facts.Value[T] {
	if isNotFound(err) {
		return facts.Absent[T]()
	}
	return read(s, found, err)
}
