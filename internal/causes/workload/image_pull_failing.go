package workload

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// A pod whose image can't be had gets its address all the same, and with it a place in
// the NEG (ingress-controller.md §1.7, “NEG membership”).
var imagePullFailing = cause.Cause{
	ID:       "workload/image-pull-failing",
	Title:    "The container's image can't be pulled, so nothing answers the health check",
	Needs:    needs,
	Explains: serving,
	Check:    checkImages,
}

// unpulled are the kubelet's words for an image that it doesn't get.
var unpulled = []string{"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed"}

func checkImages(c cause.Case) (out cause.Outcome) {
	lacks := func(s container) bool { return slices.Contains(unpulled, s.waits()) }
	for _, g := range groups(c, func(pod *corev1.Pod) bool {
		_, ok := find(pod, lacks)
		return ok
	}) {
		pod := g.pods[0]
		s, _ := find(pod, lacks)
		image := imageOf(pod, s)
		f := g.finding(c)
		f.Headline = fmt.Sprintf("The image of %s can't be pulled, %s: %s", title(f.Subject), g.share(), image)
		f.Summary = "Without its image the container never starts, while the pod has an address already and counts as an endpoint."
		f.Evidence = append(f.Evidence, cause.Evidence{
			Source: "container.pods.list", Link: cause.ObjectLink(podRef(c, pod)),
			Says: fmt.Sprintf("%s: container %s waits: %s", pod.Name, s.Name, said(s)),
		})
		why := s.State.Waiting.Message
		if e, evidence, ok := told(c, g.pods, func(e cause.Event) bool { return e.Reason == "Failed" && strings.Contains(e.Message, "ull") }); ok {
			f.Evidence = append(f.Evidence, evidence)
			why += " " + e.Message
		}
		f.Evidence = append(f.Evidence, g.Health())
		if ch := c.Wrote(f.Subject, "spec.template.spec.containers"); ch != nil && ch.To != nil && strings.Contains(*ch.To, image) {
			f.Change = ch
		}
		f.Fix = fixImage(f.Subject, image, why)
		out.Findings = append(out.Findings, f)
	}
	return out
}

func said(s container) string {
	if s.State.Waiting.Message == "" {
		return s.waits()
	}
	return s.waits() + ", " + shortened(s.State.Waiting.Message)
}

func imageOf(pod *corev1.Pod, s container) string {
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if c.Name == s.Name {
			return c.Image
		}
	}
	return s.Image
}

// fixImage tells an image that isn't there from one that the nodes may not have.
func fixImage(subject facts.Ref, image, why string) cause.Fix {
	fix := cause.Fix{Summary: "name an image that is there and that the nodes may pull"}
	why = strings.ToLower(why)
	switch {
	case strings.Contains(why, "403") || strings.Contains(why, "401") || strings.Contains(why, "denied") || strings.Contains(why, "unauthorized"):
		fix.Summary = "let the nodes' service account read the registry (roles/artifactregistry.reader), or give the pods an imagePullSecret"
		fix.Commands = append(fix.Commands, fmt.Sprintf("kubectl describe pods -n %s | grep -A3 'Failed to pull image'", subject.Namespace))
	case strings.Contains(why, "not found") || strings.Contains(why, "manifest unknown"):
		fix.Summary = "push " + image + ", or go back to the image before, which is there"
	}
	if rolls(subject) {
		fix.Commands = append(fix.Commands, fmt.Sprintf("kubectl rollout undo %s -n %s", handle(subject), subject.Namespace))
		fix.Caveat = "where Argo CD or Flux keeps the manifests, change the image in Git: they undo the undo"
	} else {
		fix.Commands = append(fix.Commands, fmt.Sprintf("kubectl describe %s -n %s", handle(subject), subject.Namespace))
	}
	return fix
}
