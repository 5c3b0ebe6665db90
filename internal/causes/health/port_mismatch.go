package health

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The check asks a fixed port where nothing listens, while the pods serve another. For
// NEGs the BackendConfig's port is the container's, for instance groups the node port
// (ingress-controller.md §2; unicorn-envoy in incidents.jsonl).
var portMismatch = cause.Cause{
	ID:       "health/port-mismatch",
	Title:    "The health check asks a port where nothing listens",
	Needs:    needs(facts.BackendConfigs, facts.ThirdPartyObjects),
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing, "network/firewall-port-not-covered"},
	Check:    checkPort,
}

func checkPort(c cause.Case) cause.Outcome {
	return judge(c, (*backend).wrongPort, (*backend).portFinding, (*backend).portAnswers)
}

// wrongPort: the check's fixed port isn't the one that serves, and refuses; or it can't
// be reached while the serving one answers. What the app says on a port shows that
// something listens.
func (b *backend) wrongPort() (cause.Confidence, answer) {
	if !b.asksFixedPort() || len(b.rejected(false)) > 0 || len(b.answers) > 0 || b.kubeletAsks(b.port) {
		return 0, answer{}
	}
	refused := strings.Contains(b.refused, "refused") || strings.Contains(strings.ToLower(b.silent), "refused")
	nowhere := b.bad[0].Node && b.port == 0 && !hostPort(b.pods, b.check.Port)
	switch {
	case b.serving.talks() && (refused || nowhere):
		return cause.Proven, answer{}
	case strings.Contains(strings.ToLower(b.silent), "refused") && b.serving.Unreachable == "" && b.readyPods() > 0:
		return cause.Likely, answer{}
	}
	return 0, answer{}
}

// asksFixedPort: the check asks another port than the endpoints serve.
func (b *backend) asksFixedPort() bool {
	if b.check.Port == 0 || b.Service == "" || b.ServicePort == nil {
		return false
	}
	if b.bad[0].Node {
		return b.check.Port != b.ServicePort.NodePort
	}
	return b.servingPort() != 0 && b.check.Port != b.servingPort()
}

// servingPort is the container port that the Service leads to.
func (b *backend) servingPort() int32 {
	if e := b.bad[0]; !e.Node && e.Port != 0 {
		return e.Port
	}
	if len(b.pods) > 0 {
		return glbc.ServingPort(b.pods[0], b.ServicePort)
	}
	return 0
}

// kubeletAsks: the kubelet connects to the port and calls the pod Ready, so something
// listens there.
func (b *backend) kubeletAsks(port int32) bool {
	probe, container, ok := b.readinessProbe()
	if !ok || port == 0 {
		return false
	}
	switch {
	case probe.HTTPGet != nil:
		return glbc.ProbePort(container, probe.HTTPGet.Port) == port
	case probe.TCPSocket != nil:
		return glbc.ProbePort(container, probe.TCPSocket.Port) == port
	case probe.GRPC != nil:
		return probe.GRPC.Port == port
	}
	return false
}

func (b *backend) portAnswers() string {
	if b.asked() && b.check.Port != 0 {
		return fmt.Sprintf("port %d, which the check asks, answers", b.check.Port)
	}
	return ""
}

func (b *backend) portFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.finding(c, confidence)
	right, kind := b.rightPort()
	on := b.whoSets(c.Facts, glbc.CheckFieldPort)
	f.Subject = on
	f.Headline = fmt.Sprintf("The health check of %s asks port %d, where nothing listens; the pods serve %d", b.app(), b.check.Port, b.servingPort())
	f.Summary = fmt.Sprintf("%s fixes the check's port at %d; the %s is %d.", on.Kind+" "+on.Name, b.check.Port, kind, right)
	f.Contract = b.contract(a)
	if b.bad[0].Node {
		f.Headline = fmt.Sprintf("The health check of %s asks the nodes' port %d, where nothing listens; its node port is %d", b.app(), b.check.Port, right)
		f.Summary = fmt.Sprintf("The backends are nodes, so the check's port must be the %s (%d); %s %s fixes it at %d.", kind, right, on.Kind, on.Name, b.check.Port)
	}
	f.Evidence = append(b.portEvidence(), f.Evidence...)
	f.Fix = b.fixPort(on, right, kind)
	if b.serving.talks() && b.serving.Status != statusOK {
		f.Fix.Summary += fmt.Sprintf("; that isn't all: there %s answers %d", b.serving.asked.Path, b.serving.Status)
	}
	if ch := c.Wrote(on, "spec.healthCheck.port"); ch != nil && ch.To != nil && *ch.To == fmt.Sprint(b.check.Port) {
		f.Change = ch
	}
	return f
}

func (b *backend) portEvidence() (list []cause.Evidence) {
	if b.serving.talks() {
		list = append(list, cause.Evidence{Source: "probe of " + b.serving.asked.Pod, Says: fmt.Sprintf("%s → %d", askedOf(b.serving.asked), b.serving.Status)})
	}
	if b.silent != "" {
		list = append(list, cause.Evidence{Source: "health-check log", Says: fmt.Sprintf("port %d: %s", b.check.Port, b.silent)})
	}
	return list
}

// rightPort is what the check's port has to be, and what that is called.
func (b *backend) rightPort() (int32, string) {
	if b.bad[0].Node {
		return b.ServicePort.NodePort, "Service's node port"
	}
	return b.servingPort(), "container port that serves"
}

// whoSets is the object that decides a field of the check: a BackendConfig, a
// HealthCheckPolicy, else the health check itself.
func (b *backend) whoSets(s *facts.Snapshot, field glbc.CheckField) facts.Ref {
	if b.Gateway {
		if p, ok := b.policy.Get(); ok {
			return facts.Ref{Cluster: s.ClusterName, Kind: facts.KindHealthCheckPolicy, Namespace: p.Namespace, Name: p.Name}
		}
	} else if desired := glbc.DesiredCheck(s, b.Backend); desired.Origins[field].Kind == glbc.FromBackendConfig {
		return desired.Config
	}
	hc, _ := b.HealthCheck.Get()
	return glbc.ComputeRef(facts.KindHealthCheck, hc.GetSelfLink())
}

// hostPort: a pod takes the node's own port, so that something listens there.
func hostPort(pods []*corev1.Pod, port int32) bool {
	for _, pod := range pods {
		for _, c := range pod.Spec.Containers {
			for _, p := range c.Ports {
				if p.HostPort == port || pod.Spec.HostNetwork && p.ContainerPort == port {
					return true
				}
			}
		}
	}
	return false
}
