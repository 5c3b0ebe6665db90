package backend

import (
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The annotation that says which protocol each port speaks takes HTTP, HTTPS and HTTP2
// in capitals, as JSON; anything else ends the translation of the whole Ingress. The
// event prints the older key whichever is wrong (ingress-controller.md §1.2,
// app-protocols-bad).
var appProtocolsInvalid = cause.Cause{
	ID:       "backend/app-protocols-invalid",
	Title:    "The Service's app-protocols annotation can't be read",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.Events},
	Explains: refused,
	Check: cause.Blocker{
		Code: glbc.AppProtocolsInvalid, Tell: tellAppProtocols,
	}.Check,
}

func tellAppProtocols(c cause.Case, f glbc.Fault) cause.Finding {
	svc, ok := glbc.ServiceOf(c.Facts, f.On.Namespace, f.On.Name).Get()
	if !ok {
		return cause.Finding{}
	}
	raw := svc.Annotations[f.Field]
	_, why, _ := strings.Cut(f.Message, "err: ")
	told := cause.Finding{
		Headline: "Annotation " + f.Field + " of Service " + svc.Namespace + "/" + svc.Name + " can't be read, " + c.Effect(),
		Summary:  "GKE's controller reads a JSON object from port name to HTTP, HTTPS or HTTP2, in capitals; anything else holds back the whole Ingress.",
		Affected: users(c.Facts, f.On),
		Evidence: []cause.Evidence{{Source: "container.services.list", Says: f.Field + " = " + raw + ": " + why, Link: cause.ObjectLink(f.On)}},
	}
	if f.Field == glbc.AppProtocolsAnnotation {
		told.Evidence = append(told.Evidence, cause.Evidence{Source: "controller", Says: "its event names the older key service.alpha.kubernetes.io/app-protocols, whichever of the two is wrong"})
	}
	if ch := c.Wrote(f.On, annotationPath(f.Field)); ch != nil && !ch.Removed {
		told.Change = ch
	} else {
		told.Change = c.WhoWrote(f.On, f.Field, annotationPath(f.Field))
	}
	told.Fix.Summary = "write HTTP, HTTPS or HTTP2 for each port name"
	told.Fix.Commands, told.Fix.Patches = annotate(svc, f.Field, repaired(raw, svc))
	return told
}

// repaired is the annotation with its values in capitals, where that is all; else with
// the protocol that it mentions for each port that the Service has a name for.
func repaired(raw string, svc *corev1.Service) string {
	protocols := map[string]string{}
	if json.Unmarshal([]byte(raw), &protocols) != nil {
		for _, p := range svc.Spec.Ports {
			if p.Name != "" {
				protocols[p.Name] = raw
			}
		}
	}
	for port, p := range protocols {
		protocols[port] = spoken(p)
	}
	text, err := json.Marshal(protocols)
	if err != nil {
		return "{}"
	}
	return string(text)
}

// spoken is the protocol that somebody meant who wrote it otherwise.
func spoken(p string) string {
	p = strings.ToUpper(p)
	switch {
	case strings.Contains(p, "HTTP2"), strings.Contains(p, "HTTP/2"), strings.Contains(p, "GRPC"), strings.Contains(p, "H2"):
		return "HTTP2"
	case strings.Contains(p, "HTTPS"), strings.Contains(p, "TLS"), strings.Contains(p, "SSL"):
		return "HTTPS"
	}
	return "HTTP"
}
