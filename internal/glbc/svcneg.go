package glbc

import (
	"errors"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

// Labels of a ServiceNetworkEndpointGroup (ingress-controller.md §4).
const (
	negServiceLabel = "networking.gke.io/service-name"
	negPortLabel    = "networking.gke.io/service-port"
)

// A NEGCondition is one condition of a ServiceNetworkEndpointGroup.
type NEGCondition struct {
	// Set: the controller has written the condition; else the rest is empty.
	Set  bool
	True bool
	// Reason is NegInitializationSuccessful, NegInitializationFailed, NegSyncSuccessful
	// or NegSyncFailed; Message the error, empty when True.
	Reason, Message string
	// Fault is what Message says, as far as it is one of the controller's own.
	Fault NEGFault
}

// Failed reports that the controller says no.
func (c NEGCondition) Failed() bool { return c.Set && !c.True }

// A NEGZone is one of the NEGs, each in a zone.
type NEGZone struct {
	Zone string
	// Path is the relative path.
	Path string
	// Active: else its zone has no nodes (INACTIVE) or its subnet is gone
	// (TO_BE_DELETED), as State says.
	Active bool
	State  string
}

// A NEGStatus is what the NEG controller says of the NEGs of a Service port. That it is
// synced doesn't mean that there are endpoints, nor that each was attached: attaching is
// asynchronous, and a failure of it is only in the Service's events.
type NEGStatus struct {
	Name                string
	Initialized, Synced NEGCondition
	Zones               []NEGZone
	// LastSync is when the controller last looked; the conditions' times move only with
	// their status.
	LastSync time.Time
}

var errManyServiceNEGs = errors.New("several ServiceNetworkEndpointGroups are of the Service port")

// ServiceNEGOf finds the ServiceNetworkEndpointGroup of a Service port by its labels. It
// is absent when the NEG controller never processed the port: no annotation asks for a
// NEG, no Ingress that GKE serves leads to it, or the Service was refused
// (ingress-controller.md §1.7, §4).
func ServiceNEGOf(s *facts.Snapshot, b Backend) facts.Value[*facts.ServiceNEG] {
	switch {
	case b.ServicePort == nil && b.Object.Err() != nil:
		return facts.Unknown[*facts.ServiceNEG](b.Object.Err())
	case b.ServicePort == nil:
		return facts.Absent[*facts.ServiceNEG]()
	}
	all, _ := s.ServiceNEGs.Get()
	var found []*facts.ServiceNEG
	for _, sn := range all {
		if sn.Namespace == b.Namespace && sn.Labels[negServiceLabel] == b.Service && sn.Labels[negPortLabel] == strconv.Itoa(int(b.ServicePort.Port)) {
			found = append(found, sn)
		}
	}
	switch {
	case len(found) == 1:
		return facts.Found(found[0])
	case len(found) > 1:
		return facts.Unknown[*facts.ServiceNEG](errManyServiceNEGs)
	case s.ServiceNEGs.IsAbsent():
		return facts.Absent[*facts.ServiceNEG]()
	case !s.ServiceNEGs.Known():
		return facts.Unknown[*facts.ServiceNEG](s.ServiceNEGs.Err())
	case !wasRead(s, b.Namespace):
		return facts.Unknown[*facts.ServiceNEG](errNamespaceNotRead(b.Namespace))
	}
	return facts.Absent[*facts.ServiceNEG]()
}

// NEGStatusOf reads a ServiceNetworkEndpointGroup.
func NEGStatusOf(sn *facts.ServiceNEG) NEGStatus {
	st := NEGStatus{
		Name: sn.Name, LastSync: sn.Status.LastSyncTime.Time,
		Initialized: negCondition(sn, "Initialized"), Synced: negCondition(sn, "Synced"),
	}
	for _, g := range sn.Status.NetworkEndpointGroups {
		path := facts.RelativePath(g.SelfLink)
		st.Zones = append(st.Zones, NEGZone{
			Zone: strings.TrimPrefix(scopeIn(path), "zones/"), Path: path,
			Active: g.State == "" || g.State == "ACTIVE", State: g.State,
		})
	}
	return st
}

func negCondition(sn *facts.ServiceNEG, kind string) NEGCondition {
	for _, c := range sn.Status.Conditions {
		if c.Type == kind {
			return NEGCondition{Set: true, True: c.Status == metav1.ConditionTrue, Reason: c.Reason, Message: c.Message, Fault: NEGFaultOf(c.Message)}
		}
	}
	return NEGCondition{}
}

// A NEGFault is why a NEG isn't made or isn't synced.
type NEGFault string

// The controller's own reasons (ingress-controller.md §1.7).
const (
	NEGNodeMissing  NEGFault = "endpoint without a node"
	NEGNodeNotFound NEGFault = "endpoint on a node that doesn't exist"
	NEGPodCIDR      NEGFault = "endpoint on a node without pod CIDR"
	NEGZoneMissing  NEGFault = "endpoint on a node without zone"
	NEGPodMissing   NEGFault = "endpoint without a pod"
	NEGNameTaken    NEGFault = "the NEG's name is somebody else's"
	NEGNameShared   NEGFault = "another Service port of the namespace has the NEG's name"
	NEGNameTooLong  NEGFault = "the NEG's name is too long"
	NEGUndescribed  NEGFault = "a NEG without description has the name"
	NEGQuota        NEGFault = "a quota is used up"
	NEGDenied       NEGFault = "Compute denies the controller"
	NEGNotFound     NEGFault = "Compute doesn't find what the NEG refers to"
)

var negFaults = []struct {
	contains string
	fault    NEGFault
}{
	{errNodeMissing.Error(), NEGNodeMissing},
	{errNodeNotFound.Error(), NEGNodeNotFound},
	{errPodCIDR.Error(), NEGPodCIDR},
	{errZoneMissing.Error(), NEGZoneMissing},
	{"endpoint has missing pod field", NEGPodMissing},
	{"endpoint corresponds to an non-existing pod", NEGPodMissing},
	{"is used by another syncer in the same cluster and namespace", NEGNameShared},
	{"found conflicting description in neg", NEGNameTaken},
	{"custom NEG name exceeds", NEGNameTooLong},
	{"with an empty description", NEGUndescribed},
	{"Quota '", NEGQuota},
	{"quotaExceeded", NEGQuota},
	{"googleapi: Error 403", NEGDenied},
	{"googleapi: Error 404", NEGNotFound},
}

// NEGFaultOf tells what a message of the NEG controller says, from a condition or an
// event; empty when it is none of its own.
func NEGFaultOf(message string) NEGFault {
	for _, f := range negFaults {
		if strings.Contains(message, f.contains) {
			return f.fault
		}
	}
	return ""
}
