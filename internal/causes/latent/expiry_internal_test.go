package latent

import (
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

var testNow = time.Date(2026, 11, 17, 13, 30, 0, 0, time.UTC)

func TestExpiry(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		// age and left are days.
		age, left int
		managed   string
		want      int
	}{
		"ten days of a year left":             {355, 10, "", 1},
		"21 days left":                        {344, 21, "", 1},
		"22 days left":                        {343, 22, "", 0},
		"over":                                {366, -1, "", 0},
		"a week's certificate, half way":      {3, 4, "", 0},
		"a week's certificate, in its end":    {6, 1, "", 1},
		"managed, and renewed in time so far": {60, 30, "ACTIVE", 0},
		"managed, and not renewed":            {80, 10, "ACTIVE", 1},
		"managed, and being issued anew":      {80, 10, "PROVISIONING", 0},
		"managed, and renewal failed":         {80, 10, "RENEWAL_FAILED", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			live := &computepb.SslCertificate{
				Name: new("shop"), SelfLink: new("https://www.googleapis.com/compute/v1/projects/p/global/sslCertificates/shop"),
				CreationTimestamp: new(testNow.AddDate(0, 0, -tt.age).Format(time.RFC3339)), ExpireTime: new(testNow.AddDate(0, 0, tt.left).Format(time.RFC3339)),
			}
			if tt.managed != "" {
				live.Managed = &computepb.SslCertificateManagedSslCertificate{Status: new(tt.managed), Domains: []string{"shop.acme.example"}}
			}
			s := &facts.Snapshot{Now: testNow, Project: "p"}
			s.SSLCertificates = facts.Found([]*computepb.SslCertificate{live})
			out := checkExpiry(cause.Case{Facts: s, Target: facts.Ref{Project: "p", Scope: "global", Kind: facts.KindCertificate, Name: "shop"}})
			if len(out.Findings) != tt.want {
				t.Errorf("%+v", out)
			}
		})
	}
}

func TestASuccessorCoversAllNames(t *testing.T) {
	t.Parallel()
	of := func(days int, names ...string) certificate {
		c := certificate{names: names}
		c.Expires = testNow.AddDate(0, 0, days)
		return c
	}
	old := of(10, "shop.acme.example", "www.acme.example")
	for name, tt := range map[string]struct {
		other certificate
		want  bool
	}{
		"by a wildcard":      {of(300, "*.acme.example"), true},
		"by name":            {of(300, "www.acme.example", "shop.acme.example"), true},
		"one name only":      {of(300, "shop.acme.example"), false},
		"ends as soon":       {of(12, "*.acme.example"), false},
		"names aren't known": {of(300), false},
	} {
		if got := succeeded([]certificate{old, tt.other}, old); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	quota := func(metric string, usage, limit float64) *computepb.Quota {
		return &computepb.Quota{Metric: new(metric), Usage: new(usage), Limit: new(limit)}
	}
	s := &facts.Snapshot{Now: testNow, Project: "p", ClusterName: "projects/p/locations/europe-west1/clusters/main"}
	s.ProjectQuotas = facts.Found([]*computepb.Quota{
		quota("URL_MAPS", 8, 10), quota("BACKEND_SERVICES", 41, 50), quota("CPUS_ALL_REGIONS", 50, 50), quota("SSL_CERTIFICATES", 0, 0),
	})
	s.RegionQuotas = facts.Found([]*computepb.Quota{quota("NETWORK_ENDPOINT_GROUPS", 100, 100), quota("INSTANCE_GROUP_MANAGERS", 100, 100)})
	out := checkQuotas(cause.Case{Facts: s, Target: facts.ClusterRef(s.ClusterName)})
	if len(out.Findings) != 2 {
		t.Errorf("%+v", out)
	}
	if out = checkQuotas(cause.Case{Facts: s, Target: facts.Ref{Project: "p", Kind: facts.KindBackendService}}); len(out.Findings) != 0 {
		t.Errorf("without a cluster: %+v", out)
	}
}
