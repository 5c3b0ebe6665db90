package engine

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// astray are the hosts of a load balancer that serves whose names lead elsewhere, or
// nowhere. Records of a new one may still be under way.
func astray(c cause.Case, created time.Time) (list []cause.Symptom) {
	leads, _ := c.Astray()
	for _, l := range leads {
		s := cause.Symptom{
			ID: cause.AddressMissing, Subject: facts.Ref{Kind: facts.KindHost, Name: l.Host}, Says: leadSays(l),
			Look: "dig +short " + l.Host + " A " + l.Host + " AAAA",
		}
		if age := c.Facts.Now.Sub(created); age < ingressGrace {
			s.Pending = fmt.Sprintf("the %s was created %s ago, the records of its hosts may still be under way", c.Target.Kind, age.Round(time.Second))
		}
		list = append(list, s)
	}
	return list
}

// whileProvisioning lets names wait that lead elsewhere while a certificate is issued for
// the same load balancer: it is being set up, and its records are about to change.
func whileProvisioning(list []cause.Symptom) []cause.Symptom {
	i := slices.IndexFunc(list, func(s cause.Symptom) bool { return s.ID == cause.CertificateNotActive && s.Pending != "" })
	for j := range list {
		if i >= 0 && list[j].ID == cause.AddressMissing && list[j].Pending == "" {
			list[j].Pending = list[i].Pending
		}
	}
	return list
}

func leadSays(l glbc.Lead) string {
	switch {
	case l.NXDomain:
		return l.Host + " doesn't exist in DNS"
	case l.Where == glbc.Nowhere:
		return l.Host + " has no address in DNS"
	case l.Where == glbc.Beside:
		return l.Host + " leads to the load balancer and to " + inWords(l.Stray) + " as well"
	}
	return l.Host + " leads to " + inWords(l.Stray) + ", the load balancer is at " + inWords(l.Ours)
}

func inWords(list []netip.Addr) string {
	var parts []string
	for _, a := range list {
		parts = append(parts, a.String())
	}
	return strings.Join(parts, ", ")
}
