package workload

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

// A container that ends is started again after ever longer pauses, and answers nothing in
// between. Its pod keeps its address and stays in the NEG, since readiness doesn't count
// there (ingress-controller.md §1.7, “NEG membership”).
var crashLooping = cause.Cause{
	ID:       "workload/crash-looping",
	Title:    "The container ends again and again, so nothing answers the health check",
	Needs:    needs,
	Explains: append([]cause.ID{"workload/readiness-failing"}, serving...),
	Check:    checkCrashing,
}

func checkCrashing(c cause.Case) (out cause.Outcome) {
	crashes := func(s container) bool { return crashing(s, c.Facts.Now) }
	for _, g := range groups(c, func(pod *corev1.Pod) bool {
		_, ok := find(pod, crashes)
		return ok
	}) {
		s, _ := find(g.pods[0], crashes)
		f := g.finding(c)
		last := ended(s)
		f.Headline = fmt.Sprintf("Container %s of %s keeps crashing (%s), %s: nothing answers the health check", s.Name, title(f.Subject), last.why(), g.share())
		f.Summary = "The container ends soon after each start, and the kubelet waits up to 5 minutes before the next one; meanwhile its port refuses every connection."
		f.Evidence = append(f.Evidence, cause.Evidence{
			Source: "container.pods.list", Link: cause.ObjectLink(podRef(c, g.pods[0])),
			Says: fmt.Sprintf("%s: container %s, %d restarts, last ended with %s", g.pods[0].Name, s.Name, s.RestartCount, last.says()),
		})
		if _, e, ok := told(c, g.pods, func(e cause.Event) bool { return e.Reason == "BackOff" || e.Reason == "OOMKilling" }); ok {
			f.Evidence = append(f.Evidence, e)
		}
		f.Evidence = append(f.Evidence, g.Health())
		f.Fix = fixCrash(g, s, last, f)
		out.Findings = append(out.Findings, f)
	}
	if len(out.Findings) == 0 && c.Has(cause.BackendUnhealthy) {
		out.RuledOut = steady(c)
	}
	return out
}

// often is how many restarts show a loop where the container happens to run just now.
const often = 3

// crashing: the kubelet says so, or the container is between two of its crashes.
func crashing(s container, now time.Time) bool {
	if s.waits() == "CrashLoopBackOff" {
		return true
	}
	last := ended(s)
	return s.RestartCount >= often && !s.Ready && last.Terminated != nil && now.Sub(last.Terminated.FinishedAt.Time) < 10*time.Minute
}

// An end is how a container ended last.
type end struct {
	Terminated *corev1.ContainerStateTerminated
}

func ended(s container) end {
	if s.State.Terminated != nil {
		return end{s.State.Terminated}
	}
	return end{s.LastTerminationState.Terminated}
}

func (e end) why() string {
	switch {
	case e.Terminated == nil:
		return "CrashLoopBackOff"
	case e.Terminated.Reason == "OOMKilled":
		return "out of memory"
	case e.Terminated.ExitCode == 0:
		return "it just ends, exit code 0"
	}
	return fmt.Sprintf("exit code %d", e.Terminated.ExitCode)
}

func (e end) says() string {
	if e.Terminated == nil {
		return "a reason that isn't told"
	}
	text := fmt.Sprintf("exit code %d", e.Terminated.ExitCode)
	if e.Terminated.Reason != "" {
		text += " (" + e.Terminated.Reason + ")"
	}
	if !e.Terminated.FinishedAt.IsZero() {
		text += " at " + e.Terminated.FinishedAt.UTC().Format("15:04 UTC")
	}
	return text
}

func fixCrash(g group, s container, last end, f cause.Finding) cause.Fix {
	logs := fmt.Sprintf("kubectl logs %s -n %s -c %s --previous", g.pods[0].Name, g.pods[0].Namespace, s.Name)
	fix := cause.Fix{
		Summary:  "read what the container said before it ended and repair that; where the last rollout brought it, go back to the one before",
		Commands: []string{logs},
		Caveat:   "nothing about the load balancer helps: it serves again by itself once the container stays up",
	}
	if last.Terminated != nil && last.Terminated.Reason == "OOMKilled" {
		fix.Summary = "give the container a higher memory limit, or find what takes so much; where the last rollout brought it, go back to the one before"
	}
	if rolls(f.Subject) {
		fix.Commands = append(fix.Commands, fmt.Sprintf("kubectl rollout undo %s -n %s", handle(f.Subject), f.Subject.Namespace))
	}
	return fix
}

// steady is the evidence against a loop: the pods behind the failing endpoints run.
func steady(c cause.Case) string {
	n := 0
	for _, a := range c.Ailing() {
		pods, others := a.Behind()
		if others > 0 || a.PodsErr != nil {
			return ""
		}
		for _, pod := range pods {
			if !glbc.IsReady(pod) {
				return ""
			}
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return "the pods behind the failing endpoints run and are Ready"
}
