package engine

import (
	"fmt"
	"strings"
	"time"

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
	_, orphan := glbc.OrphanOf(c.Facts, g)
	switch {
	case of.IsAbsent() && orphan:
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
	refused := refusals(c, g)
	if serving {
		list = refused
	} else {
		list = append(list, unbuilt(c, g, refused))
	}
	list = append(list, astray(c, g.CreationTimestamp.Time)...)
	unhealthy, blind := backendSymptoms(c, serving)
	list = append(list, unhealthy...)
	if serving {
		blind = append(blind, certificatesOfGateway(c, g)...)
		list = append(list, servedCertificates(c, glbc.GatewayHosts(c.Facts, g), g.CreationTimestamp.Time)...)
	}
	return append(whileProvisioning(list), requestSymptoms(c, list)...), append(blind, unrouted(c.Facts, g)...)
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
	return blind
}

// unbuilt: the Gateway has no address. A new one is waited for, unless the controller
// refuses it.
func unbuilt(c cause.Case, g *gatewayv1.Gateway, refused []cause.Symptom) cause.Symptom {
	s := cause.Symptom{ID: cause.IngressNotProvisioned, Subject: c.Target, Since: g.CreationTimestamp.Time, Says: "no load balancer: the Gateway has no address"}
	age := c.Facts.Now.Sub(g.CreationTimestamp.Time)
	switch {
	case len(refused) > 0:
		s.Says += "; " + refused[0].Says
	case age < ingressGrace:
		s.Pending = fmt.Sprintf("the Gateway was created %s ago, the controller may take %s", age.Round(time.Second), ingressGrace)
	}
	return s
}

// refusals are what the controller says it can't do as asked.
func refusals(c cause.Case, g *gatewayv1.Gateway) (list []cause.Symptom) {
	for _, r := range append(glbc.RefusedListeners(c.Facts, g), glbc.RefusedRoutes(c.Facts, g)...) {
		what := r.On.String()
		if r.Listener != "" && r.On == c.Target {
			what += ", listener " + r.Listener
		}
		list = append(list, cause.Symptom{
			ID: cause.ChangeNotApplied, Subject: r.On, Since: r.Since,
			Says: "the controller says of " + what + ": " + r.Type + " is refused, " + r.Reason + colon(r.Message),
			Look: fmt.Sprintf("kubectl describe %s %s -n %s", strings.ToLower(r.On.Kind), r.On.Name, r.On.Namespace),
		})
	}
	return list
}

func colon(message string) string {
	if message == "" {
		return ""
	}
	return ": " + message
}
