package scenario

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
)

// A Place is where in a scenario something stands.
type Place struct {
	// File is the txtar archive or the directory, as the caller would find it.
	File string
	// Member is the file in it, with slashes; empty when all of File is meant.
	Member string
	// Line counts from 1: in the archive when Archive is set, else in Member. 0 is
	// unknown.
	Line    int
	Archive bool
}

// String is FILE.txtar:LINE: MEMBER of an archive, DIR/MEMBER:LINE of a directory.
func (p Place) String() string {
	line := ""
	if p.Line > 0 {
		line = ":" + strconv.Itoa(p.Line)
	}
	switch {
	case p.Member == "":
		return p.File + line
	case p.Archive:
		return p.File + line + ": " + p.Member
	default:
		return filepath.Join(p.File, filepath.FromSlash(p.Member)) + line
	}
}

// An Error is one thing wrong with a scenario. Load joins all that it finds.
type Error struct {
	Place Place
	// Key is the path of the key, such as httpHealthCheck.requestPath or
	// spec.ports[0].port; empty when no key is to blame.
	Key  string
	Text string
}

// Error names the place, then what is wrong there.
func (e *Error) Error() string { return e.Place.String() + ": " + e.Text }

// A Warning is something that Load read past.
type Warning struct {
	Place Place
	// Key is as in Error.
	Key  string
	Text string
}

// String names the place, then what was read past.
func (w Warning) String() string { return w.Place.String() + ": " + w.Text }

// A ledger collects what is wrong, so that one run names everything.
type ledger struct {
	errs     []error
	warnings []Warning
}

func (l *ledger) errorf(p Place, key, format string, args ...any) {
	e := Error{Place: p, Key: key, Text: fmt.Sprintf(format, args...)}
	for _, before := range l.errs {
		if known, ok := errors.AsType[*Error](before); ok && *known == e {
			return
		}
	}
	l.errs = append(l.errs, &e)
}

func (l *ledger) warnf(p Place, key, format string, args ...any) {
	w := Warning{Place: p, Key: key, Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(l.warnings, w) {
		l.warnings = append(l.warnings, w)
	}
}

func (l *ledger) err() error { return errors.Join(l.errs...) }
