package path

import (
	"slices"
	"strings"

	certificatemanager "google.golang.org/api/certificatemanager/v1"

	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

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
