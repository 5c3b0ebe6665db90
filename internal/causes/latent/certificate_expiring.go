package latent

import (
	"fmt"
	"strings"
	"time"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

const (
	// soon is when an expiry is worth saying: Google renews a month before, cert-manager
	// as well, so that what is this near wasn't renewed in time.
	soon = 21 * 24 * time.Hour
	day  = 24 * time.Hour
)

// A certificate that isn't renewed takes the whole host down on one day, and nothing
// announces it (gcp-facts.md §6; cause-catalogue.md, latent).
var certificateExpiring = cause.Cause{
	ID:    "latent/certificate-expiring",
	Title: "A certificate expires soon and nothing renews it",
	Note:  true,
	Needs: []facts.Kind{facts.Ingresses, facts.ThirdPartyObjects, facts.SSLCertificates, facts.Certificates, facts.CertificateEntries, facts.TargetHTTPSProxies},
	Check: checkExpiry,
}

func checkExpiry(c cause.Case) (out cause.Outcome) {
	list := served(c)
	for _, cert := range list {
		left := cert.Expires.Sub(c.Facts.Now)
		if cert.Expires.IsZero() || left <= 0 || left > soon || shortLived(cert, left) || cert.Provisioning() || succeeded(list, cert) {
			continue
		}
		out.Findings = append(out.Findings, cause.Finding{
			Subject:  cert.Ref,
			Headline: fmt.Sprintf("certificate %s expires on %s, in %s, and %s", cert.Ref.Name, cert.Expires.UTC().Format(time.DateOnly), days(left), renewal(cert)),
			Fix:      cause.Fix{Commands: []string{lookAt(cert)}},
		})
	}
	return out
}

// shortLived: a certificate of a few weeks is near its end for most of its life; it is
// due in its last third.
func shortLived(cert certificate, left time.Duration) bool {
	life := cert.Expires.Sub(cert.Created)
	return !cert.Created.IsZero() && life > 0 && left > life/3
}

func days(left time.Duration) string {
	if left < 2*day {
		return fmt.Sprintf("%d hours", int(left/time.Hour))
	}
	return fmt.Sprintf("%d days", int(left/day))
}

// renewal says who should renew it, and didn't.
func renewal(cert certificate) string {
	name, ours := glbc.ParseName(cert.Ref.Name)
	switch {
	case cert.Managed && failing(cert) != "":
		return "Google can't renew it: " + failing(cert)
	case cert.Managed:
		return "Google, which renews a month before, hasn't renewed it"
	case ours && name.Kind == glbc.NameCertificate:
		return "the Secret that it is made of hasn't been renewed"
	}
	return "it was uploaded, so nobody renews it but its owner"
}

func failing(cert certificate) string {
	for _, d := range cert.Domains {
		if !d.Works() {
			return strings.TrimSpace(d.Name + " is " + d.Status + " " + d.Reason)
		}
	}
	if strings.Contains(cert.Status, "FAILED") {
		return "it is " + cert.Status
	}
	return ""
}

func lookAt(cert certificate) string {
	project := " --project " + cert.Ref.Project
	if cert.Manager {
		return "gcloud certificate-manager certificates describe " + cert.Ref.Name + project + " --location " + cert.Location
	}
	if region, ok := strings.CutPrefix(cert.Ref.Scope, "regions/"); ok {
		return "gcloud compute ssl-certificates describe " + cert.Ref.Name + project + " --region " + region
	}
	return "gcloud compute ssl-certificates describe " + cert.Ref.Name + project + " --global"
}
