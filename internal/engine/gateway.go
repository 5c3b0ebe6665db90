package engine

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

func diagnoseGateway(causes []cause.Cause, c cause.Case) Diagnosis {
	d := Diagnosis{Target: c.Target, At: c.Facts.Now, Gaps: gapsOf(c.Facts, causes)}
	found := glbc.GatewayNamed(c.Facts, c.Target.Namespace, c.Target.Name)
	g, ok := found.Get()
	if !ok {
		d.Verdict, d.Reason, d.Gone = NotOurs, c.Target.String()+" isn't in the cluster", true
		if !found.IsAbsent() {
			d.Verdict, d.Reason, d.Gone = Unexplained, "Gateways couldn't be read", false
		}
		return d
	}
	of := glbc.GatewayClassOf(c.Facts, g)
	class, ok := of.Get()
	switch {
	case of.IsAbsent():
		d.Verdict, d.Reason = NotOurs, "another controller serves it: gatewayClassName = "+string(g.Spec.GatewayClassName)
		return d
	case !ok:
		d.Verdict, d.Reason = Unexplained, "can't be told: "+of.Err().Error()
		return d
	case !class.Serves():
		d.Verdict, d.Reason = NotOurs, "no load balancer is built for gatewayClassName = "+class.Name
		return d
	}
	var blind []string
	c.Symptoms, blind = gatewaySymptoms(c, g)
	findings, rest := Run(causes, c)
	rest.undecided = append(blind, rest.undecided...)
	d.HealthyOn = healthyOn(c)
	d.conclude(c, findings, rest)
	return d
}

// gatewaySymptoms finds what is visibly wrong with a Gateway that GKE serves, and
// names what couldn't be seen.
func gatewaySymptoms(c cause.Case, g *gatewayv1.Gateway) (list []cause.Symptom, blind []string) {
	serving := glbc.GatewayAddress(g) != ""
	if !serving {
		s := cause.Symptom{ID: cause.IngressNotProvisioned, Subject: c.Target, Since: g.CreationTimestamp.Time, Says: "no load balancer: the Gateway has no address"}
		if age := c.Facts.Now.Sub(g.CreationTimestamp.Time); age < ingressGrace {
			s.Pending = fmt.Sprintf("the Gateway was created %s ago, the controller may take %s", age.Round(time.Second), ingressGrace)
		}
		list = append(list, s)
	}
	unhealthy, blind := backendSymptoms(c, serving)
	if serving {
		blind = append(blind, certificatesOfGateway(c, g)...)
		unhealthy = append(unhealthy, servedCertificates(c, glbc.GatewayHosts(c.Facts, g), g.CreationTimestamp.Time)...)
	}
	return append(list, unhealthy...), append(blind, unrouted(c.Facts, g)...)
}

// unrouted says which routes lead nowhere, or can't be told to lead anywhere.
func unrouted(s *facts.Snapshot, g *gatewayv1.Gateway) (blind []string) {
	routing := glbc.RoutingOf(s, g)
	if routing.Err != nil {
		blind = append(blind, "where the Gateway's routes lead: "+routing.Err.Error())
	}
	for _, r := range routing.Refused {
		blind = append(blind, fmt.Sprintf("%s leads to Service %s/%s, and no ReferenceGrant there allows it", r.Route, r.Namespace, r.Service))
	}
	for _, r := range routing.Routes {
		if refs, ok := r.ResolvedRefs.Get(); ok && refs.Status == metav1.ConditionFalse {
			blind = append(blind, fmt.Sprintf("the controller says of HTTPRoute/%s/%s: %s %s", r.Object.Namespace, r.Object.Name, refs.Reason, refs.Message))
		}
	}
	return blind
}
