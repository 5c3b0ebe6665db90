package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// certificateGrace is how long a managed certificate may be provisioning
// (scenario-format.md, `pending`).
const certificateGrace = time.Hour

// diagnoseOutside judges what stands for itself, without a cluster: a backend
// service in front of virtual machines, a certificate. Compute and Logging are all
// that tells.
func diagnoseOutside(causes []cause.Cause, c cause.Case) Diagnosis {
	d := Diagnosis{Target: c.Target, At: c.Facts.Now, Gaps: gapsOf(c.Facts, causes)}
	var blind []string
	if c.Target.Kind == facts.KindCertificate {
		c.Symptoms, blind = certificateSymptoms(c)
	} else {
		c.Symptoms, blind = backendSymptoms(c, true)
		blind = append(blind, groupless(c)...)
	}
	findings, rest := Run(causes, c)
	rest.undecided = append(blind, rest.undecided...)
	d.HealthyOn = healthyOn(c)
	d.conclude(c, findings, rest)
	return d
}

// groupless: without groups there is no health to see; a serverless or internet
// backend has no health check either, and that is normal.
func groupless(c cause.Case) (blind []string) {
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		if ok && len(bs.GetBackends()) == 0 {
			blind = append(blind, "the health of backend service "+bs.GetName()+": it has no backends")
		}
	}
	return blind
}

// certificateSymptoms says whether a certificate can be used, and names what
// couldn't be seen.
func certificateSymptoms(c cause.Case) (list []cause.Symptom, blind []string) {
	found := glbc.CertificateOf(c.Facts, c.Target)
	cert, ok := found.Get()
	if !ok {
		return nil, []string{"the certificate " + c.Target.Name + ": it couldn't be read"}
	}
	s := cause.Symptom{ID: cause.CertificateNotActive, Subject: c.Target, Since: cert.Created}
	switch {
	case !cert.Expires.IsZero() && !cert.Expires.After(c.Facts.Now):
		s.Since = cert.Expires
		s.Says = "the certificate expired on " + cert.Expires.UTC().Format(time.DateOnly)
	case cert.Status == "" || cert.Status == "ACTIVE" || cert.Status == "RENEWAL_FAILED":
		return nil, nil
	default:
		s.Says = "the certificate is " + cert.Status + domainsSay(cert)
		if age := c.Facts.Now.Sub(cert.Created); cert.Provisioning() && age < certificateGrace {
			s.Pending = fmt.Sprintf("the certificate was created %s ago; provisioning may take %s", age.Round(time.Second), certificateGrace)
		}
	}
	return []cause.Symptom{s}, nil
}

func domainsSay(cert glbc.Certificate) string {
	var bad []string
	for _, d := range cert.Domains {
		if d.Status != "" && d.Status != "ACTIVE" && d.Status != "AUTHORIZED" {
			bad = append(bad, strings.TrimSpace(d.Name+" "+d.Status+" "+d.Reason))
		}
	}
	slices.Sort(bad)
	if len(bad) == 0 {
		return ""
	}
	return ": " + strings.Join(bad, ", ")
}
