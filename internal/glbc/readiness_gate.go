package glbc

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// ReadinessGate is the condition by which the load balancer has a say in whether a pod
// is ready (ingress-controller.md §4).
const ReadinessGate corev1.PodConditionType = "cloud.google.com/load-balancer-neg-ready"

// A GateState is what the controller says of a pod.
type GateState string

// What the reflector's reasons and messages mean (ingress-controller.md §4, table).
// GateUnset: the pod waits for a condition that nobody has written.
const (
	GateNone        GateState = ""
	GateUnset       GateState = "unset"
	GateHealthy     GateState = "healthy"
	GateNotInNEG    GateState = "in no NEG"
	GateOtherSubnet GateState = "on a node of another subnet"
	GateNoCheck     GateState = "in a NEG without health check"
	GateTimedOut    GateState = "timed out"
	GateWaiting     GateState = "waiting"
	GateNodeUnknown GateState = "its node isn't known"
	GateOther       GateState = "something else"
)

// The reflector's reasons, and how messages begin that one reason shares.
const (
	gateReady        = "LoadBalancerNegReady"
	gateNoCheck      = "LoadBalancerNegWithoutHealthCheck"
	gateTimeout      = "LoadBalancerNegTimeout"
	gateNotReady     = "LoadBalancerNegNotReady"
	notInNEG         = "Pod does not belong to any NEG"
	otherSubnet      = "Pod belongs to a node in non-default subnet"
	waitingInNEG     = "Waiting for pod to become healthy"
	unableToFindNode = "Unable to determine"
)

// A Gate is a pod's readiness gate.
type Gate struct {
	State GateState
	// Open: the kubelet may call the pod ready. Anything but the status True closes it;
	// the controller leaves the status empty while it waits.
	Open bool
	// Proven: the load balancer really found the pod healthy. An open gate doesn't prove
	// it: ten minutes after the pod's creation the controller opens it anyway.
	Proven bool
	// NEGs are the names in the message, BackendService that of the one where the pod is
	// healthy.
	NEGs            []string
	BackendService  string
	Reason, Message string
}

// GateOf reads the readiness gate of a pod; its State is GateNone for a pod without.
func GateOf(pod *corev1.Pod) Gate {
	if !slices.ContainsFunc(pod.Spec.ReadinessGates, func(g corev1.PodReadinessGate) bool { return g.ConditionType == ReadinessGate }) {
		return Gate{Open: true}
	}
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == ReadinessGate })
	if i < 0 {
		return Gate{State: GateUnset}
	}
	c := pod.Status.Conditions[i]
	g := Gate{Open: c.Status == corev1.ConditionTrue, Reason: c.Reason, Message: c.Message, State: gateState(c.Reason, c.Message)}
	g.Proven = g.Open && g.State == GateHealthy
	g.NEGs, g.BackendService = namesIn(c.Message)
	return g
}

func gateState(reason, message string) GateState {
	says := func(text string) bool { return strings.HasPrefix(message, text) }
	switch {
	case reason == gateReady && says(notInNEG):
		return GateNotInNEG
	case reason == gateReady && says(otherSubnet):
		return GateOtherSubnet
	case reason == gateReady && says("Pod has become Healthy"):
		return GateHealthy
	case reason == gateNoCheck:
		return GateNoCheck
	case reason == gateTimeout:
		return GateTimedOut
	case reason == gateNotReady && says(waitingInNEG):
		return GateWaiting
	case reason == gateNotReady && says(unableToFindNode):
		return GateNodeUnknown
	case reason == "" && message == "":
		return GateUnset
	}
	return GateOther
}

var (
	quotedKey = regexp.MustCompile(`(NEG|BackendService) ("(?:[^"\\]|\\.)*")`)
	keyName   = regexp.MustCompile(`^Key\{"([^"]+)"`)
	negList   = regexp.MustCompile(`NEG\(s\): \[([^\]]*)\]`)
)

// namesIn reads the names in a message: `Key{"name", zone: "z"}` in quotes, or a list of
// bare names.
func namesIn(message string) (negs []string, backendService string) {
	for _, m := range quotedKey.FindAllStringSubmatch(message, -1) {
		text, err := strconv.Unquote(m[2])
		if err != nil {
			continue
		}
		if k := keyName.FindStringSubmatch(text); k != nil {
			text = k[1]
		}
		if m[1] == "NEG" {
			negs = append(negs, text)
		} else {
			backendService = text
		}
	}
	if m := negList.FindStringSubmatch(message); m != nil {
		negs = append(negs, strings.Fields(m[1])...)
	}
	return negs, backendService
}
