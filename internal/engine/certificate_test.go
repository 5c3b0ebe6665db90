package engine

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	certificatemanager "google.golang.org/api/certificatemanager/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

func classic(status string, age time.Duration, domain string) *computepb.SslCertificate {
	c := &computepb.SslCertificate{
		SelfLink: new(lumen + "global/sslCertificates/www"), CreationTimestamp: new(atNight.Add(-age).Format(time.RFC3339)),
		ExpireTime: new(atNight.AddDate(0, 0, 14).Format(time.RFC3339)),
	}
	if status != "" {
		c.Managed = &computepb.SslCertificateManagedSslCertificate{Status: new(status), DomainStatus: map[string]string{"www.lumen.example": domain}}
	}
	return c
}

func TestACertificateWithoutACluster(t *testing.T) {
	t.Parallel()
	expired := classic("", time.Hour, "")
	expired.ExpireTime = new(atNight.Add(-time.Hour).Format(time.RFC3339))
	for name, tt := range map[string]struct {
		cert    *computepb.SslCertificate
		verdict Verdict
		says    string
	}{
		"uploaded, valid":                      {classic("", time.Hour, ""), Healthy, ""},
		"uploaded, expired":                    {expired, Unexplained, "expired on 2026-06-09"},
		"ACTIVE":                               {classic("ACTIVE", time.Hour, "ACTIVE"), Healthy, ""},
		"provisioning for 5 minutes":           {classic("PROVISIONING", 5*time.Minute, "PROVISIONING"), Pending, "created 5 min ago"},
		"a domain not visible in 5 minutes":    {classic("PROVISIONING", 5*time.Minute, "FAILED_NOT_VISIBLE"), Pending, "created 5 min ago"},
		"provisioning for 3 hours":             {classic("PROVISIONING", 3*time.Hour, "PROVISIONING"), Unexplained, "www.lumen.example is PROVISIONING"},
		"a domain not visible for 3 hours":     {classic("PROVISIONING", 3*time.Hour, "FAILED_NOT_VISIBLE"), Unexplained, "www.lumen.example is FAILED_NOT_VISIBLE"},
		"failed after 5 minutes, for good":     {classic("PROVISIONING_FAILED_PERMANENTLY", 5*time.Minute, "FAILED_CAA_FORBIDDEN"), Unexplained, "FAILED_CAA_FORBIDDEN"},
		"not renewed, still serving":           {classic("RENEWAL_FAILED", time.Hour, "FAILED_NOT_VISIBLE"), Unexplained, "serves until 2026-06-23"},
		"a state that the API doesn't tell":    {classic("MANAGED_CERTIFICATE_STATUS_UNSPECIFIED", time.Hour, ""), Unexplained, "its state isn't told"},
		"a certificate that couldn't be found": {nil, Unexplained, "403 PERMISSION_DENIED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &facts.Snapshot{Now: atNight, Project: "lumen"}
			s.SSLCertificates = facts.Found([]*computepb.SslCertificate{})
			if tt.cert != nil {
				s.SSLCertificates = facts.Found([]*computepb.SslCertificate{tt.cert})
			}
			s.Certificates = facts.Unknown[[]*certificatemanager.Certificate](errors.New("403 PERMISSION_DENIED"))
			target := facts.Ref{Project: "lumen", Scope: "global", Kind: facts.KindCertificate, Name: "www"}
			got := Diagnose(nil, s, facts.Target{Asked: target, Ref: target, Sure: true}, nil, nil)
			if len(got) != 1 || got[0].Verdict != tt.verdict {
				t.Fatalf("got %+v, want %s", got, tt.verdict)
			}
			said := got[0].Reason
			for _, symptom := range got[0].Symptoms {
				said += symptom.Says
				if symptom.Look != "gcloud compute ssl-certificates describe www --project lumen --global" {
					t.Errorf("look at %q", symptom.Look)
				}
			}
			if !strings.Contains(said, tt.says) {
				t.Errorf("%q isn't said in %q", tt.says, said)
			}
		})
	}
}

// TestWhatIsLookedAtOfACertificate: the domain's state in plain words, its DNS, who may
// issue, and where it is served; that it is served nowhere only if all was read.
func TestWhatIsLookedAtOfACertificate(t *testing.T) {
	t.Parallel()
	s := &facts.Snapshot{Now: atNight, Project: "lumen"}
	s.SSLCertificates = facts.Found([]*computepb.SslCertificate{classic("PROVISIONING", 3*time.Hour, "FAILED_CAA_FORBIDDEN")})
	s.DNS = map[string]facts.Value[facts.DNSRecords]{"www.lumen.example": facts.Found(facts.DNSRecords{
		A: []netip.Addr{netip.MustParseAddr("198.51.100.7")}, CAA: []facts.CAA{{Domain: "lumen.example", Tag: "issue", Value: "letsencrypt.org"}, {Domain: "lumen.example", Tag: "iodef", Value: "mailto:x@lumen.example"}},
	})}
	c := cause.Case{Target: facts.Ref{Project: "lumen", Scope: "global", Kind: facts.KindCertificate, Name: "www"}, Facts: s}
	says := func() (text string) {
		for _, e := range checkedCertificate(c) {
			text += e.Says + "\n"
		}
		return text
	}
	want := "www.lumen.example is FAILED_CAA_FORBIDDEN: a CAA record forbids Google's certificate authority\n" +
		"www.lumen.example resolves to 198.51.100.7\nCAA record at lumen.example: issue \"letsencrypt.org\"\n"
	if got := says(); got != want {
		t.Errorf("proxies unread:\n%swant\n%s", got, want)
	}
	s.TargetHTTPSProxies, s.TargetSSLProxies = facts.Found([]*computepb.TargetHttpsProxy{}), facts.Found([]*computepb.TargetSslProxy{})
	s.ForwardingRules = facts.Found([]*computepb.ForwardingRule{})
	if got := says(); got != want+"no target proxy has it\n" {
		t.Errorf("no proxies:\n%s", got)
	}
}
