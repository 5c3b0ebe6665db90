package endpoint

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

// negController is the component that keeps NEGs (ingress-controller.md §0).
const negController = "neg-controller"

// A complaint is an error of the NEG controller about a Service port that still stands.
type complaint struct {
	reason, text string
	began        time.Time
	evidence     cause.Evidence
}

// lasting is how long an error counts that nothing has ended: the controller tries again
// after 10 minutes at most, and the API keeps an event for an hour (ingress-controller.md
// §0.8).
const lasting = time.Hour

// round is how long an error counts that comes back with each look at the Service.
const round = 20 * time.Minute

// complaints are the standing errors, newest first: warnings that no success followed,
// and conditions of the port's ServiceNetworkEndpointGroup that say no.
func complaints(c cause.Case, b glbc.Backend) []complaint {
	service := b.Ref(c.Facts.ClusterName)
	neg, known := glbc.ServiceNEG(c.Facts, b).Get()
	synced := time.Time{}
	if known && neg.Synced.Status == "True" {
		synced = neg.LastSync
	}
	var list []complaint
	var succeeded time.Time
	for _, e := range c.EventsOf(service) {
		switch {
		case e.Component != negController && e.Component != "":
		case e.Type == corev1.EventTypeNormal && (e.Reason == "Attach" || e.Reason == "Create") && e.At.After(succeeded):
			succeeded = e.At
		case e.Type != corev1.EventTypeWarning || cause.Transient(e.Message) || succeeded.After(e.At) || isOver(c, e, synced):
		default:
			list = append(list, complaint{e.Reason, e.Message, e.Began, cause.Evidence{Source: "event " + e.Reason, Says: shortened(e.Message), Link: cause.ObjectLink(service)}})
		}
	}
	for _, said := range []glbc.NEGCondition{neg.Initialized, neg.Synced} {
		if known && said.Failed() && said.Message != "" && !cause.Transient(said.Message) {
			list = append(list, complaint{said.Reason, said.Message, said.Since, cause.Evidence{Source: neg.Ref.String(), Says: said.Reason + ": " + shortened(said.Message)}})
		}
	}
	return list
}

// isOver: a sync has gone well since, or the error would have come back by now. That
// endpoints can't be attached comes after the sync.
func isOver(c cause.Case, e cause.Event, synced time.Time) bool {
	age := c.Facts.Now.Sub(e.At)
	switch e.Reason {
	case "ProcessServiceFailed":
		return age >= round
	case "AttachFailed":
		return age >= lasting
	}
	return age >= lasting || synced.After(e.At) || age >= round && !c.Facts.ServiceNEGs.Known()
}

// complaining is the newest complaint that contains one of some texts.
func complaining(c cause.Case, b glbc.Backend, texts ...string) (complaint, bool) {
	all := complaints(c, b)
	i := slices.IndexFunc(all, func(x complaint) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(x.text, text) })
	})
	if i < 0 {
		return complaint{}, false
	}
	return all[i], true
}

// began is when a finding's fault began: at the complaint, where nothing else tells.
func began(f cause.Finding, x complaint) time.Time {
	return cmp.Or(f.Since, x.began)
}

// longest is how much of a message is told.
const longest = 220

func shortened(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
