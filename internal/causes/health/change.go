package health

import (
	"encoding/json"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/knownapp"
	"plumbline/internal/signal"
)

// switchedOn is the change that made a known app redirect: one of the ConfigMap
// that its containers read when they start, and no later than the first failure; or,
// where the fix waits for a restart, that fix. What may have been about other keys
// must also precede the start.
func (b *backend) switchedOn(c cause.Case) *cause.Change {
	if b.setting.DecidedBy != knownapp.ConfigMap || len(b.pods) == 0 {
		return nil
	}
	change, sure := configMapChange(c, b.pods[0].Namespace, b.setting.ConfigMap, b.setting.Key)
	switch since := b.since(c); {
	case change == nil || b.setting.RestartOnly:
	case !since.IsZero() && change.At.After(since), sure != exact && change.At.After(b.setting.Started):
		return nil
	}
	return change
}

// A certainty is how well the log tells that a write was about a key.
type certainty uint8

const (
	// untold: the entry comes without its body, so it may have been about other keys.
	untold certainty = iota
	// whole: the write sent the whole object, this key among others.
	whole
	// exact: the write gave the key a new value, since a patch names it or the write
	// before left another one.
	exact
)

// configMapChange is the newest write that may have touched a ConfigMap's key; nil
// when the log knows of none.
func configMapChange(c cause.Case, namespace, name, key string) (*cause.Change, certainty) {
	entries := c.Entries()
	var change *cause.Change
	var sure certainty
	for _, s := range entries {
		if s.Kind != signal.ObjectChanged || s.Target.Kind != facts.KindConfigMap || s.Target.Namespace != namespace || s.Target.Name != name {
			continue
		}
		to, told := keyWritten(s.Change, key)
		switch {
		case !told && s.Change.Verb == "patch" && s.Change.Request != nil:
		case change == nil:
			change = cause.ChangeOf(s, entries, "ConfigMap "+name)
			if sure = certaintyOf(s.Change, told); told {
				change.To, change.Removed = to, to == nil
			}
		default:
			if told && sure == whole && !equal(to, change.To) {
				sure = exact
			}
			change.From = to
			return naming(change, name, key, sure), sure
		}
	}
	return naming(change, name, key, sure), sure
}

func certaintyOf(ch *signal.Change, told bool) certainty {
	switch {
	case !told:
		return untold
	case ch.Verb == "update":
		return whole
	}
	return exact
}

// naming tells the key and its values where the write was certainly about it.
func naming(change *cause.Change, name, key string, sure certainty) *cause.Change {
	switch {
	case change == nil:
	case sure == exact:
		change.What = name + " " + key
	default:
		change.From, change.To, change.Removed = nil, nil, false
	}
	return change
}

func equal(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// keyWritten reads the key's new value, nil where the write removed it; told is
// false where the entry doesn't say.
func keyWritten(ch *signal.Change, key string) (to *string, told bool) {
	var body struct {
		Data map[string]*string `json:"data"`
	}
	if ch.Verb == "delete" {
		return nil, true
	}
	if ch.Request == nil || json.Unmarshal(ch.Request, &body) != nil {
		return nil, false
	}
	v, written := body.Data[key]
	return v, written || ch.Verb != "patch"
}
