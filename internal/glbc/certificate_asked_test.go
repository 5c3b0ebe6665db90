package glbc

import (
	"testing"
	"time"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline/internal/facts"
)

func TestWordsOfAManagedCertificateAreComputes(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"": "", "Active": "ACTIVE", "FailedNotVisible": "FAILED_NOT_VISIBLE", "FailedCaaForbidden": "FAILED_CAA_FORBIDDEN",
		"ProvisioningFailedPermanently": "PROVISIONING_FAILED_PERMANENTLY", "RenewalFailed": "RENEWAL_FAILED",
	} {
		if got := snake(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

func TestACertificateCoversNamesAndOneLabelOfWildcards(t *testing.T) {
	t.Parallel()
	c := Certificate{Names: []string{"shop.acme.example", "*.Acme.example"}}
	for host, want := range map[string]bool{
		"shop.acme.example": true, "SHOP.acme.example": true, "www.acme.example": true, "a.www.acme.example": false, "acme.example": false,
	} {
		if c.Covers(host) != want {
			t.Errorf("%s: %t", host, !want)
		}
	}
}

func TestACertificateFails(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 17, 14, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		cert Certificate
		want bool
	}{
		"uploaded":     {Certificate{}, false},
		"active":       {Certificate{Managed: true, Status: "ACTIVE", Expires: now.Add(time.Hour)}, false},
		"expired":      {Certificate{Managed: true, Status: "ACTIVE", Expires: now}, true},
		"provisioning": {Certificate{Managed: true, Status: "PROVISIONING"}, true},
		"untold":       {Certificate{Managed: true, Status: "MANAGED_CERTIFICATE_STATUS_UNSPECIFIED"}, false},
	} {
		if tt.cert.Failing(now) != tt.want {
			t.Errorf("%s: %t", name, !tt.want)
		}
	}
}

// TestAManagedCertificateIsWhatComputeSaysOfIt: the live certificate is newer than the
// object, and one that couldn't be read is told by the object.
func TestAManagedCertificateIsWhatComputeSaysOfIt(t *testing.T) {
	t.Parallel()
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{ManagedCertsAnnotation: "web, gone"}}}
	object := &facts.ManagedCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	object.Spec.Domains = []string{"shop.acme.example"}
	object.Status.CertificateName, object.Status.CertificateStatus = "mcrt-1", "Provisioning"
	s := &facts.Snapshot{ClusterName: facts.ClusterName("lumen", "europe-west1", "main"), Project: "lumen"}
	s.Ingresses = facts.Found([]*networkingv1.Ingress{ing})
	s.ManagedCertificates = facts.Found([]*facts.ManagedCertificate{object})
	s.ClusterUID = facts.Found("d2a6e0c4-58b1-4c7f-9a3e-6b1f0d7c2e95")
	s.TargetHTTPSProxies = facts.Found([]*computepb.TargetHttpsProxy(nil))
	target := RefOf(s, ing)

	list := AskedCertificates(s, target)
	if len(list) != 1 || list[0].Status != "PROVISIONING" || list[0].Subject().String() != "ManagedCertificate/shop/web" {
		t.Fatalf("by the object: %+v", list)
	}
	if attached, told := list[0].Attached.Get(); attached || !told {
		t.Errorf("attached %t, told %t", attached, told)
	}
	s.SSLCertificates = facts.Found([]*computepb.SslCertificate{{
		Name: new("mcrt-1"), SelfLink: new(inProject + "global/sslCertificates/mcrt-1"),
		Managed: &computepb.SslCertificateManagedSslCertificate{Status: new("ACTIVE"), Domains: []string{"shop.acme.example"}},
	}})
	if list = AskedCertificates(s, target); len(list) != 1 || list[0].Status != "ACTIVE" || list[0].Ref.Name != "mcrt-1" {
		t.Errorf("by Compute: %+v", list)
	}
	named, _ := ManagedCertificatesOf(s, ing)
	if len(named) != 2 || !named[1].Object.IsAbsent() {
		t.Errorf("named: %+v", named)
	}
	s.ManagedCertificates = facts.Unknown[[]*facts.ManagedCertificate](facts.ErrNotRead)
	if named, _ = ManagedCertificatesOf(s, ing); named[1].Object.Known() {
		t.Error("what wasn't read is missing")
	}
}
