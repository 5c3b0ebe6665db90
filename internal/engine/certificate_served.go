package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// servedCertificates says which certificates of an Ingress or a Gateway that has its load
// balancer can't be used. One that waits for a sync that fails is part of that symptom;
// one whose names others are good for is being replaced.
func servedCertificates(c cause.Case, hosts []string, changed time.Time) (list []cause.Symptom) {
	asked := glbc.AskedCertificates(c.Facts, c.Target)
	held := len(c.ControllerErrors()) > 0 || len(c.Translation().Stops()) > 0
	for _, a := range asked {
		attached, told := a.Attached.Get()
		absent := told && !attached
		switch {
		case held && !attached || replaced(asked, a, c.Facts.Now):
		case a.Failing(c.Facts.Now):
			list = append(list, failing(c, a))
		case absent || a.Overridden && missed(c.Facts, asked, a, hosts):
			list = append(list, detached(c, a, changed))
		}
	}
	return list
}

// replaced: certificates that work, on the same load balancer, are good for all its names.
func replaced(all []glbc.AskedCertificate, a glbc.AskedCertificate, now time.Time) bool {
	return len(a.Names) > 0 && !slices.ContainsFunc(a.Names, func(name string) bool {
		return !slices.ContainsFunc(all, func(o glbc.AskedCertificate) bool {
			attached, _ := o.Attached.Get()
			return o.Ref != a.Ref && attached && !o.Overridden && !o.Failing(now) && o.Covers(name)
		})
	})
}

// missed: a certificate map takes the place of a certificate, and has nothing for a host
// that it was good for.
func missed(s *facts.Snapshot, all []glbc.AskedCertificate, a glbc.AskedCertificate, hosts []string) bool {
	return s.CertificateEntries.Known() && slices.ContainsFunc(hosts, func(host string) bool {
		return a.Covers(host) && !slices.ContainsFunc(all, func(o glbc.AskedCertificate) bool {
			attached, _ := o.Attached.Get()
			return o.Ref != a.Ref && attached && !o.Overridden && !o.Failing(s.Now) && o.Covers(host)
		})
	})
}

// failing is the symptom of a certificate that can't be used.
func failing(c cause.Case, a glbc.AskedCertificate) cause.Symptom {
	s, _, _ := certificateSymptom(c, a.Certificate)
	s.Subject, s.Objects = c.Target, []facts.Ref{a.Subject()}
	s.Says = strings.Replace(s.Says, "the certificate", a.Subject().String(), 1)
	if !a.Object.IsZero() {
		s.Look = "kubectl describe managedcertificate " + a.Object.Name + " -n " + a.Object.Namespace
	}
	return s
}

// detached is the symptom of a certificate that is issued, and that nobody gets to see.
func detached(c cause.Case, a glbc.AskedCertificate, changed time.Time) cause.Symptom {
	s := cause.Symptom{ID: cause.CertificateNotActive, Subject: c.Target, Objects: []facts.Ref{a.Subject()}, Look: lookAt(a.Certificate)}
	s.Says = a.Subject().String() + " is issued, and the load balancer doesn't present it"
	if age := c.Facts.Now.Sub(later(changed, a.Created)); age < ingressGrace {
		s.Pending = fmt.Sprintf("the certificate was asked for %s ago, the controller may take %s", span(age), span(ingressGrace))
	}
	return s
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// missingCertificates are the symptoms of certificates that an Ingress asks for and that
// aren't there: ManagedCertificates, and Secrets that the controller can't find while it
// serves the rest.
func missingCertificates(c cause.Case, ing *networkingv1.Ingress, changed time.Time) (list []cause.Symptom) {
	age := c.Facts.Now.Sub(changed)
	named, _ := glbc.ManagedCertificatesOf(c.Facts, ing)
	for _, m := range named {
		if !m.Object.IsAbsent() {
			continue
		}
		s := cause.Symptom{ID: cause.CertificateNotActive, Subject: c.Target, Objects: []facts.Ref{m.Ref}, Since: changed}
		s.Says = "the Ingress asks for " + m.Ref.String() + ", which doesn't exist"
		s.Look = "kubectl get managedcertificates -n " + ing.Namespace
		if age < ingressGrace {
			s.Pending = fmt.Sprintf("the Ingress was created or changed %s ago, the ManagedCertificate may follow", span(age))
		}
		list = append(list, s)
	}
	if e, ok := c.TLSWarning(); ok && len(ing.Spec.TLS) > 0 {
		s := cause.Symptom{ID: cause.CertificateNotActive, Subject: c.Target, Since: e.Began}
		s.Says = "the controller can't find the certificates of spec.tls: " + e.Message
		issuer := c.IssuerAt()
		since := later(later(changed, issuer), e.Began)
		switch {
		case (cause.AsksIssuer(ing) || !issuer.IsZero()) && c.Facts.Now.Sub(since) < cause.IssuerGrace:
			s.Pending = fmt.Sprintf("cert-manager is issuing the certificate, for %s so far", span(c.Facts.Now.Sub(since)))
		case age < ingressGrace:
			s.Pending = fmt.Sprintf("the Ingress was created or changed %s ago, the Secret may follow", span(age))
		}
		list = append(list, s)
	}
	return list
}

// managedOnly judges what is GKE's of an Ingress that another controller serves: the
// ManagedCertificates that it names. What the load balancer does is the other's business,
// so that nothing that doesn't explain a certificate's state counts.
func (d *Diagnosis) managedOnly(causes []cause.Cause, c cause.Case) {
	for _, a := range glbc.AskedCertificates(c.Facts, c.Target) {
		if !a.Object.IsZero() && a.Failing(c.Facts.Now) {
			c.Symptoms = append(c.Symptoms, failing(c, a))
		}
	}
	if len(c.Symptoms) == 0 {
		return
	}
	findings, _ := Run(causes, c)
	findings = slices.DeleteFunc(findings, func(f cause.Finding) bool { return !slices.Contains(f.Explains, cause.CertificateNotActive) })
	roots, _ := Rank(c.Target, findings)
	if len(roots) == 0 {
		return
	}
	d.Verdict, d.Reason, d.Gone = RootCause, "", false
	d.Symptoms, d.Roots = c.Symptoms, roots
	for i := range d.Roots {
		d.Roots[i].Explains = present(c.Symptoms, findings, d.Roots[i].Explains)
	}
	d.accuse(c)
}
