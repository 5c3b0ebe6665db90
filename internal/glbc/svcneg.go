package glbc

import (
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// A NEGCondition is one word of the NEG controller's on a NEG.
type NEGCondition struct {
	// Status is True, False or Unknown; empty where the controller hasn't said yet.
	Status metav1.ConditionStatus
	// Reason is NegInitializationFailed, NegSyncFailed and the like; Message has the
	// inner error, Since when Status became what it is.
	Reason, Message string
	Since           time.Time
}

// Failed reports that the controller says no.
func (c NEGCondition) Failed() bool { return c.Status == metav1.ConditionFalse }

// A NEGSync is what the NEG controller says of a Service port's NEGs. A True Synced
// doesn't mean that there are endpoints, nor that attaching them went well
// (ingress-controller.md §4).
type NEGSync struct {
	Ref                 facts.Ref
	Initialized, Synced NEGCondition
	// LastSync is the last attempt; zero when there was none.
	LastSync time.Time
	// Zones has the state of each zone's NEG: ACTIVE, INACTIVE or TO_BE_DELETED.
	Zones map[string]string
}

// Labels of a ServiceNetworkEndpointGroup (ingress-controller.md §4).
const (
	negServiceLabel = "networking.gke.io/service-name"
	negPortLabel    = "networking.gke.io/service-port"
)

// ServiceNEG finds what the NEG controller says of a Backend's port. Absent means that
// it never processed the port (ingress-controller.md §4), unknown that it couldn't be
// looked for. Where a renamed NEG has left an object behind, the one whose name is on
// the Service is taken, else the youngest.
func ServiceNEG(s *facts.Snapshot, b Backend) facts.Value[NEGSync] {
	svc, ok := b.Object.Get()
	switch {
	case b.Object.IsAbsent() || ok && b.ServicePort == nil:
		return facts.Absent[NEGSync]()
	case !ok:
		return facts.Unknown[NEGSync](b.Object.Err())
	}
	port := b.ServicePort.Port
	written := negNames(svc)[port]
	var found *facts.ServiceNEG
	all, _ := s.ServiceNEGs.Get()
	for _, o := range all {
		if o.Namespace != b.Namespace || o.Labels[negServiceLabel] != b.Service || o.Labels[negPortLabel] != strconv.Itoa(int(port)) {
			continue
		}
		better := found == nil || o.Name == written || found.Name != written && o.CreationTimestamp.After(found.CreationTimestamp.Time)
		if better {
			found = o
		}
	}
	switch {
	case found != nil:
		return facts.Found(negSyncOf(s, found))
	case !s.ServiceNEGs.Known():
		return facts.Unknown[NEGSync](s.ServiceNEGs.Err())
	case !wasRead(s, b.Namespace):
		return facts.Unknown[NEGSync](errNamespaceNotRead(b.Namespace))
	}
	return facts.Absent[NEGSync]()
}

func negSyncOf(s *facts.Snapshot, o *facts.ServiceNEG) NEGSync {
	n := NEGSync{
		Ref:      facts.Ref{Cluster: s.ClusterName, Kind: facts.KindServiceNEG, Namespace: o.Namespace, Name: o.Name},
		LastSync: o.Status.LastSyncTime.Time, Zones: map[string]string{},
	}
	for _, c := range o.Status.Conditions {
		said := NEGCondition{Status: c.Status, Reason: c.Reason, Message: c.Message, Since: c.LastTransitionTime.Time}
		switch c.Type {
		case "Initialized":
			n.Initialized = said
		case "Synced":
			n.Synced = said
		}
	}
	for _, g := range o.Status.NetworkEndpointGroups {
		state := g.State
		if state == "" {
			state = "ACTIVE"
		}
		n.Zones[facts.LastSegment(facts.ScopeOf(g.SelfLink))] = state
	}
	return n
}
