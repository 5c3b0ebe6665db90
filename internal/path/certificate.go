package path

import (
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	certificatemanager "google.golang.org/api/certificatemanager/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// certificateGrace is how long a managed certificate may be provisioning
// (scenario-format.md, `pending`).
const certificateGrace = time.Hour

// usable judges one certificate; says is why it isn't usable.
func (t *tracer) usable(c glbc.Certificate) (state State, says string) {
	switch {
	case !c.Expires.IsZero() && !c.Expires.After(t.s.Now):
		return Broken, "certificate " + c.Ref.Name + " expired on " + c.Expires.Format(time.DateOnly)
	case !c.Managed || c.Status == "" || c.Status == "ACTIVE" || c.Status == "RENEWAL_FAILED":
		return OK, ""
	case c.Provisioning() && (c.Created.IsZero() || t.s.Now.Sub(c.Created) < certificateGrace):
		return Unknown, "certificate " + c.Ref.Name + " is being provisioned"
	}
	return Broken, "certificate " + c.Ref.Name + " is " + c.Status
}

// certificates judges those that a proxy names. One that can't be used does no harm
// where others are good for all its names: it is being replaced.
func (t *tracer) certificates(j *judgement, p presented) {
	type shown struct {
		ref   facts.Ref
		names []string
		state State
		says  string
	}
	var list []shown
	complete := true
	for _, url := range p.certificates {
		ref := certificateRef(url)
		j.on(ref)
		c, ok := glbc.CertificateOf(t.s, ref).Get()
		if !ok {
			// Compute doesn't let go of one that is in use, so that it surely is somewhere.
			j.unread(ref.String(), glbc.CertificateOf(t.s, ref).Err())
			complete = false
			continue
		}
		state, says := t.usable(c)
		list = append(list, shown{ref, namesIn(t.s, ref, c), state, says})
	}
	covered := func(host string) bool {
		return slices.ContainsFunc(list, func(o shown) bool {
			return o.state == OK && slices.ContainsFunc(o.names, func(n string) bool { return covers(n, host) })
		})
	}
	for _, o := range list {
		switch {
		case o.state == OK:
			j.ok(o.ref.Name)
		case len(o.names) > 0 && !slices.ContainsFunc(o.names, func(n string) bool { return !covered(n) }):
			j.differs(o.ref, "status", "ACTIVE", o.says)
		default:
			j.add(o.state, "%s", o.says)
			complete = false
		}
		complete = complete && len(o.names) > 0
	}
	for _, host := range t.hosts() {
		if complete && len(list) > 0 && !covered(host) {
			j.differs(p.proxy, "sslCertificates", host, "")
		}
	}
}

// certificateRef names a certificate by the URL that a proxy has of it: Compute's, or
// Certificate Manager's (//certificatemanager.googleapis.com/projects/P/…).
func certificateRef(url string) facts.Ref {
	ref := glbc.ComputeRef(facts.KindCertificate, url)
	if strings.Contains(url, "/certificates/") {
		ref.Scope = "global"
	}
	return ref
}

func namesCertificate(url string, r facts.Ref) bool {
	ref := certificateRef(url)
	return ref.Name == r.Name && (r.Scope == "" || ref.Scope == "" || ref.Scope == r.Scope)
}

// namesIn are the names that a certificate is good for; none where that isn't told.
func namesIn(s *facts.Snapshot, ref facts.Ref, c glbc.Certificate) []string {
	var names []string
	for _, live := range linkedFrom(s.SSLCertificates, func(live *computepb.SslCertificate) bool { return namesCertificate(live.GetSelfLink(), ref) }) {
		names = append(names, live.GetSubjectAlternativeNames()...)
	}
	for _, live := range linkedFrom(s.Certificates, func(live *certificatemanager.Certificate) bool { return facts.LastSegment(live.Name) == ref.Name }) {
		names = append(names, live.SanDnsnames...)
	}
	for _, d := range c.Domains {
		names = append(names, d.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ownCertificate judges the certificate that is the target.
func (t *tracer) ownCertificate(j *judgement) {
	j.on(t.target)
	c, ok := t.certificate.Get()
	if !ok {
		if t.certificate.IsAbsent() {
			j.broken("the certificate doesn't exist")
			return
		}
		j.unread(t.target.String(), t.certificate.Err())
		return
	}
	if state, says := t.usable(c); state == OK {
		j.ok(t.target.Name)
	} else {
		j.add(state, "%s", says)
	}
	if len(t.front.https)+len(t.front.ssl) == 0 {
		j.unknown("no proxy that was read presents it")
	}
}

// managedCertificates judges the ManagedCertificates that the Ingress names; their
// controller writes the certificates' names once they are made
// (ingress-controller.md §1.4, managed-cert).
func (t *tracer) managedCertificates(j *judgement) {
	for name := range strings.SplitSeq(t.ing.Annotations[glbc.ManagedCertsAnnotation], ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		ref := facts.Ref{Cluster: t.s.ClusterName, Kind: facts.KindManagedCertificate, Namespace: t.ing.Namespace, Name: name}
		j.on(ref)
		i := slices.IndexFunc(linkedFrom(t.s.ManagedCertificates, func(*facts.ManagedCertificate) bool { return true }), func(m *facts.ManagedCertificate) bool {
			return m.Namespace == t.ing.Namespace && m.Name == name
		})
		if i < 0 {
			switch {
			case !t.s.ManagedCertificates.Known():
				j.unread(ref.String(), t.s.ManagedCertificates.Err())
			case t.changedWithin(editGrace):
				j.unknown("%s doesn't exist yet", ref)
			default:
				j.differs(glbc.RefOf(t.s, t.ing), glbc.ManagedCertsAnnotation, name, "")
				j.broken("%s doesn't exist", ref)
			}
			continue
		}
		all, _ := t.s.ManagedCertificates.Get()
		t.managed(j, ref, all[i])
	}
}

func (t *tracer) managed(j *judgement, ref facts.Ref, m *facts.ManagedCertificate) {
	switch status := m.Status.CertificateStatus; {
	case status == "Active":
		j.ok(ref.Name)
	case (status == "Provisioning" || status == "") && t.s.Now.Sub(m.CreationTimestamp.Time) < certificateGrace:
		j.unknown("%s is being provisioned", ref)
	case status == "RenewalFailed":
		j.unknown("%s could not be renewed", ref)
	case status == "":
		j.broken("%s has no status", ref)
	default:
		j.broken("%s is %s", ref, status)
	}
}

// mapHolds reports that an entry of a certificate map has a certificate.
func mapHolds(s *facts.Snapshot, certificateMap string, r facts.Ref) bool {
	return slices.ContainsFunc(entriesOf(s, certificateMap), func(e *certificatemanager.CertificateMapEntry) bool {
		return slices.ContainsFunc(e.Certificates, func(url string) bool { return namesCertificate(url, r) })
	})
}

func entriesOf(s *facts.Snapshot, certificateMap string) []*certificatemanager.CertificateMapEntry {
	prefix := facts.RelativePath(certificateMap) + "/"
	return linkedFrom(s.CertificateEntries, func(e *certificatemanager.CertificateMapEntry) bool {
		return strings.HasPrefix(facts.RelativePath(e.Name), prefix)
	})
}

// certificateMap judges the entries for the hosts: by name, by wildcard, else the
// primary one (gcp-facts.md §6).
func (t *tracer) certificateMap(j *judgement, url string) {
	name := facts.LastSegment(url)
	entries := entriesOf(t.s, url)
	if !t.s.CertificateEntries.Known() {
		j.unread("the entries of certificate map "+name, t.s.CertificateEntries.Err())
		return
	}
	used := map[*certificatemanager.CertificateMapEntry]bool{}
	for _, host := range t.hosts() {
		if e := entryFor(entries, host); e != nil {
			used[e] = true
			continue
		}
		j.broken("certificate map %s has no entry for %s", name, host)
	}
	for _, e := range entries {
		if len(used) > 0 && !used[e] {
			continue
		}
		t.mapEntry(j, e)
	}
	if len(entries) == 0 {
		j.broken("certificate map %s has no entries", name)
	}
}

func entryFor(entries []*certificatemanager.CertificateMapEntry, host string) *certificatemanager.CertificateMapEntry {
	for _, fits := range []func(e *certificatemanager.CertificateMapEntry) bool{
		func(e *certificatemanager.CertificateMapEntry) bool { return strings.EqualFold(e.Hostname, host) },
		func(e *certificatemanager.CertificateMapEntry) bool {
			return e.Hostname != "" && covers(e.Hostname, host)
		},
		func(e *certificatemanager.CertificateMapEntry) bool { return e.Matcher == "PRIMARY" },
	} {
		if i := slices.IndexFunc(entries, fits); i >= 0 {
			return entries[i]
		}
	}
	return nil
}

func (t *tracer) mapEntry(j *judgement, e *certificatemanager.CertificateMapEntry) {
	for _, url := range e.Certificates {
		ref := certificateRef(url)
		j.on(ref)
		v := glbc.CertificateOf(t.s, ref)
		c, ok := v.Get()
		if !ok {
			j.unread(ref.String(), v.Err())
			continue
		}
		if state, says := t.usable(c); state != OK {
			j.add(state, "%s", says)
			continue
		}
		j.ok(ref.Name)
	}
}
