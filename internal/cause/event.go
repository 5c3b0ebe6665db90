package cause

import (
	"slices"
	"time"

	"plumbline/internal/facts"
)

// An Event is one Kubernetes event, from the API or from a log entry.
type Event struct {
	Component, Reason, Type, Message string
	// Began and At are when it was told first and last.
	Began, At time.Time
	Count     int32
}

// EventsOf are the events on an object, newest first: those of the API, which keeps
// them for an hour, and those that led here. Events of an earlier object of the same
// name are none of its.
func (c Case) EventsOf(ref facts.Ref) []Event {
	var list []Event
	uid := c.uidOf(ref)
	events, _ := c.Facts.Events.Get()
	for _, e := range events {
		o := e.InvolvedObject
		if o.Kind != ref.Kind || o.Namespace != ref.Namespace || o.Name != ref.Name || uid != "" && o.UID != "" && string(o.UID) != uid {
			continue
		}
		component := e.Source.Component
		if component == "" {
			component = e.ReportingController
		}
		list = append(list, Event{
			Component: component, Reason: e.Reason, Type: e.Type, Message: e.Message,
			Began: facts.EventBegan(e), At: facts.EventTime(e), Count: max(1, e.Count),
		})
	}
	for _, s := range c.Signals {
		if e := s.Event; e != nil && s.Target == ref {
			list = append(list, Event{Component: e.Component, Reason: e.Reason, Type: e.Type, Message: e.Message, Began: s.At, At: s.At, Count: 1})
		}
	}
	slices.SortStableFunc(list, func(a, b Event) int { return b.At.Compare(a.At) })
	return list
}

// uidOf is the UID of the object that has the name now; empty where it isn't there or
// of a kind whose objects come and go under one name.
func (c Case) uidOf(ref facts.Ref) string {
	if ing, ok := c.Ingress(); ok && ref == c.Target {
		return string(ing.UID)
	}
	return ""
}
