package chat

import (
	"regexp"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/incident"
)

// unexplained is the message where something is broken and no known cause fits:
// what is seen, what was looked at, what was ruled out, what couldn't be read, and
// what to look at next.
func (w writer) unexplained() Message {
	d := w.notice.Diagnosis
	subject := w.notice.Incident.Subject
	if subject.IsZero() {
		subject = d.Target
	}
	seen := or(w.notice.Incident.Headline, d.Reason)
	var begin time.Time
	if len(d.Symptoms) > 0 {
		leading := incident.Leading(d.Symptoms)
		seen, begin = leading.Says, leading.Since
	}
	r := root{
		text:     say(titled(subject)+": "+seen+"; no known cause fits", maxSentence),
		headline: "⚪ *No known cause fits: " + say(seen, maxSentence) + "*",
		context:  w.context(place(w.notice.Incident.Affected, subject), subject, begin, w.notice.Incident.Cause),
		why:      labelled("Also seen", alsoSeen(d.Symptoms)),
		facts:    w.numbered(d.Checked, 3),
		changed:  joinLines(labelled("Changed", w.suspected(subject)), labelled("Could not read", w.gaps(false))),
		fix:      labelled("Next", w.next(subject)),
		ruledOut: labelled("Ruled out", w.ruledOut(6)),
		actions:  w.actions(),
	}
	if len(r.facts) > 0 {
		r.why = joinLines(r.why, "*Looked at*")
	}
	return w.message(r, w.thread(cause.Finding{Subject: subject, Evidence: d.Checked, Affected: w.notice.Incident.Affected, Suspects: d.Suspects}))
}

func alsoSeen(symptoms []cause.Symptom) string {
	if len(symptoms) < 2 {
		return ""
	}
	leading := incident.Leading(symptoms)
	var says []string
	for _, s := range symptoms {
		if s.ID != leading.ID || s.Subject != leading.Subject {
			says = append(says, s.Says)
		}
	}
	return atMost(says, 3)
}

// next is the one thing to look at: where the symptom can be seen first hand.
func (w writer) next(subject facts.Ref) string {
	symptoms := w.notice.Diagnosis.Symptoms
	if len(symptoms) == 0 {
		return ""
	}
	if s := incident.Leading(symptoms); s.Look != "" && words(strings.Fields(strings.ReplaceAll(s.Look, "--", ""))...) {
		return joinLines("See it as it is:", fence(s.Look, maxCommand))
	}
	switch s := incident.Leading(symptoms); s.ID {
	case cause.BackendUnhealthy, cause.PodsNotReadyInNEG:
		for _, o := range append([]facts.Ref{s.Subject}, s.Objects...) {
			if o.Kind == facts.KindBackendService && words(o.Name, o.ProjectOf()) {
				return joinLines("See what the health check gets from each endpoint:", fence("gcloud compute backend-services get-health "+o.Name+" --project "+o.ProjectOf()+scopeFlag(o), maxCommand))
			}
		}
		return "Ask a pod for the health check's port and path, and expect exactly 200."
	case cause.RequestsFailing:
		label := "backend_service_name"
		if strings.HasPrefix(s.Subject.Scope, "regions/") {
			label = "backend_target_name"
		}
		if words(s.Subject.Name, s.Subject.ProjectOf()) {
			return joinLines("Read the failed requests:", fence("gcloud logging read 'resource.labels."+label+"="+s.Subject.Name+" AND httpRequest.status>=500' --project "+s.Subject.ProjectOf()+" --freshness 1h --limit 20", maxCommand))
		}
	case cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing:
		if subject.Kind != facts.KindIngress && subject.Kind != facts.KindGateway || !words(subject.Name, subject.Namespace) {
			return ""
		}
		return joinLines("Read what the controller wrote to the object:", fence("kubectl describe "+strings.ToLower(subject.Kind)+" "+subject.Name+" -n "+subject.Namespace, maxCommand))
	case cause.CertificateNotActive:
		if subject.Scope != "" && words(subject.Name, subject.ProjectOf()) {
			return joinLines("See what Google says of each domain:", fence("gcloud compute ssl-certificates describe "+subject.Name+" --project "+subject.ProjectOf()+scopeFlag(subject), maxCommand))
		}
	}
	return ""
}

// words: no shell reads anything but a name in them.
func words(names ...string) bool {
	for _, n := range names {
		if !shellWord.MatchString(n) {
			return false
		}
	}
	return true
}

var shellWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:_-]*$`)

func scopeFlag(r facts.Ref) string {
	if region, ok := strings.CutPrefix(r.Scope, "regions/"); ok && words(region) {
		return " --region " + region
	}
	return " --global"
}
