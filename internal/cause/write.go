package cause

import (
	"strings"

	"plumbline/internal/facts"
	"plumbline/internal/history"
)

// Deleted is who deleted an object that isn't there; nil where the log doesn't tell.
func (c Case) Deleted(ref facts.Ref) *Change {
	for _, ch := range c.Changes() {
		if ch.Object == ref {
			if !ch.Deleted {
				return nil
			}
			return said(ch, ref.String(), history.Field{Removed: true})
		}
	}
	return nil
}

// Created is who created an object; nil where the log doesn't tell.
func (c Case) Created(ref facts.Ref) *Change {
	for _, ch := range c.Changes() {
		if ch.Object == ref && ch.Created {
			return said(ch, ref.String(), history.Field{})
		}
	}
	return nil
}

// Wrote is the newest write of a field of an object, or of one below it, by anybody but
// GKE's controllers; nil where the log doesn't tell that it was written. The path is
// that of signal.Writes: `metadata.annotations["…"]`, `spec.ports`.
func (c Case) Wrote(ref facts.Ref, path string) *Change {
	return c.WroteWhere(ref, func(p string) bool {
		return p == path || strings.HasPrefix(p, path+".") || strings.HasPrefix(p, path+"[")
	})
}

// WroteWhere is Wrote for fields that a path alone doesn't tell: the port of a list that
// may be found by key or by place.
func (c Case) WroteWhere(ref facts.Ref, is func(path string) bool) *Change {
	for _, ch := range c.Changes() {
		if ch.Object != ref || ch.Controller || ch.Deleted {
			continue
		}
		for _, f := range ch.Fields {
			if is(f.Path) {
				return said(ch, f.Path, f)
			}
		}
	}
	return nil
}

func said(ch history.Change, what string, f history.Field) *Change {
	return &Change{By: ch.By, Controller: ch.Controller, Caller: ch.Caller, At: ch.At, Method: ch.Method, What: what, From: f.From, To: f.To, Removed: f.Removed, Entry: ch.Entry}
}
