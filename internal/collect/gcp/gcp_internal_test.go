package gcp

import (
	"testing"

	"google.golang.org/api/option"
)

func TestDefaultEndpoints(t *testing.T) {
	opts := []option.ClientOption{option.WithoutAuthentication()}
	r, err := New(t.Context(), Config{Compute: opts, Container: opts, CertificateManager: opts})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.compute.endpoint != "https://compute.googleapis.com" {
		t.Errorf("Compute at %q", r.compute.endpoint)
	}
	if r.container.BasePath != "https://container.googleapis.com/" {
		t.Errorf("GKE at %q", r.container.BasePath)
	}
	if r.certificates.BasePath != "https://certificatemanager.googleapis.com/" {
		t.Errorf("Certificate Manager at %q", r.certificates.BasePath)
	}
}
