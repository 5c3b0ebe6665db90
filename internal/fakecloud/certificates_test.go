package fakecloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/certificatemanager/v1"
	"google.golang.org/api/option"
)

const certificatesIn = "projects/shop-prod/locations/global"

func certificates(t *testing.T, c *Cloud) *certificatemanager.ProjectsLocationsService {
	t.Helper()
	s, err := certificatemanager.NewService(t.Context(), option.WithEndpoint(c.HTTP()), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	return s.Projects.Locations
}

func TestCertificateMaps(t *testing.T) {
	t.Parallel()
	w := shop(t)
	w.Certificates = map[string]json.RawMessage{
		certificatesIn + "/certificateMaps/shop":                            json.RawMessage(`{"name":"` + certificatesIn + `/certificateMaps/shop"}`),
		certificatesIn + "/certificateMaps/empty":                           json.RawMessage(`{}`),
		certificatesIn + "/certificateMaps/shop/certificateMapEntries/www":  json.RawMessage(`{"hostname":"www.acme.example"}`),
		certificatesIn + "/certificateMaps/shop/certificateMapEntries/api":  json.RawMessage(`{"hostname":"api.acme.example"}`),
		certificatesIn + "/certificateMaps/shop2/certificateMapEntries/www": json.RawMessage(`{"hostname":"shop2.acme.example"}`),
		certificatesIn + "/certificates/www":                                json.RawMessage(`{"managed":{"state":"FAILED"}}`),
	}
	c := start(t, w, Options{})
	api := certificates(t, c)
	maps, err := api.CertificateMaps.List(certificatesIn).Do()
	if err != nil || len(maps.CertificateMaps) != 2 {
		t.Errorf("maps: %v, %v", maps, err)
	}
	one, err := api.CertificateMaps.Get(certificatesIn + "/certificateMaps/shop").Do()
	if err != nil || one.Name != certificatesIn+"/certificateMaps/shop" {
		t.Errorf("map: %v, %v", one, err)
	}
	entries, err := api.CertificateMaps.CertificateMapEntries.List(certificatesIn + "/certificateMaps/shop").Do()
	if err != nil || len(entries.CertificateMapEntries) != 2 || entries.CertificateMapEntries[0].Hostname != "api.acme.example" {
		t.Errorf("entries: %v, %v", entries, err)
	}
	none, err := api.CertificateMaps.CertificateMapEntries.List(certificatesIn + "/certificateMaps/empty").Do()
	if err != nil || len(none.CertificateMapEntries) != 0 {
		t.Errorf("an empty map: %v, %v", none, err)
	}
	cert, err := api.Certificates.Get(certificatesIn + "/certificates/www").Do()
	if err != nil || cert.Managed.State != "FAILED" {
		t.Errorf("certificate: %v, %v", cert, err)
	}
	_, err = api.CertificateMaps.CertificateMapEntries.List(certificatesIn + "/certificateMaps/gone").Do()
	wantGoogleError(t, err, 404, "notFound", "Resource '"+certificatesIn+"/certificateMaps/gone' was not found")
	_, err = api.Certificates.List("projects/other-prod/locations/global").Do()
	wantGoogleError(t, err, 403, "forbidden", "Permission denied on resource project other-prod.")
	_, err = api.Certificates.List(certificatesIn).Filter(`name:www`).Do()
	wantGoogleError(t, err, 400, "badRequest", `The fake doesn't serve the parameter filter: "name:www"`)
	if diff := cmp.Diff([]string{
		"certificatemanager.certmaps.list", "certificatemanager.certmaps.get", "certificatemanager.certmapentries.list",
		"certificatemanager.certs.get", "certificatemanager.certs.list",
	}, permissions(c)); diff != "" {
		t.Error(diff)
	}
}

func TestCertificatePages(t *testing.T) {
	t.Parallel()
	w := shop(t)
	w.Certificates = map[string]json.RawMessage{}
	for i := range 1100 {
		w.Certificates[fmt.Sprintf("%s/certificates/c%04d", certificatesIn, i)] = json.RawMessage(`{}`)
	}
	c := start(t, w, Options{})
	for size, requests := range map[int64]int{0: 22, 1000: 2, 5000: 2} {
		before, n := len(c.Requests()), 0
		list := certificates(t, c).Certificates.List(certificatesIn)
		if size > 0 {
			list.PageSize(size)
		}
		if err := list.Pages(t.Context(), func(page *certificatemanager.ListCertificatesResponse) error {
			n += len(page.Certificates)
			return nil
		}); err != nil || n != 1100 || len(c.Requests())-before != requests {
			t.Errorf("pages of %d: %d certificates in %d requests, %v", size, n, len(c.Requests())-before, err)
		}
	}
	_, err := certificates(t, c).Certificates.List(certificatesIn).PageToken("x").Do()
	wantGoogleError(t, err, 400, "badRequest", "The page token is invalid.")
}

func TestCertificateRefusals(t *testing.T) {
	t.Parallel()
	w := shop(t)
	w.Deny = []string{"certificatemanager.certs.list"}
	w.Fail = map[string]int{"certificatemanager.certmaps.get": 503}
	c := start(t, w, Options{})
	_, err := certificates(t, c).Certificates.List(certificatesIn).Do()
	wantGoogleError(t, err, 403, "forbidden", "Permission 'certificatemanager.certs.list' denied on resource '//certificatemanager.googleapis.com/"+certificatesIn+"' (or it may not exist).")
	_, err = certificates(t, c).CertificateMaps.Get(certificatesIn + "/certificateMaps/shop").Do()
	wantGoogleError(t, err, 503, "backendError", "Service Unavailable")
}

func TestAnswersInOtherFormatsAreRefused(t *testing.T) {
	t.Parallel()
	c := start(t, shop(t), Options{})
	for _, query := range []string{"alt=media", "$alt=json%3Benum-encoding%3Dint"} {
		answer, body := get(t, http.DefaultClient, c.HTTP()+"/compute/v1/projects/shop-prod/global/firewalls?"+query, nil)
		if answer.StatusCode != http.StatusBadRequest || !strings.Contains(body, "The fake") {
			t.Errorf("%s: %d %s", query, answer.StatusCode, body)
		}
	}
	answer, body := get(t, http.DefaultClient, c.HTTP()+"/compute/v1/projects/shop-prod/global/firewalls?maxResult=1", nil)
	if answer.StatusCode != http.StatusBadRequest || !strings.Contains(body, "Field 'maxResult' could not be found in request message.") {
		t.Errorf("a misspelt parameter: %d %s", answer.StatusCode, body)
	}
	if answer, _ := get(t, http.DefaultClient, c.HTTP()+"/compute/v1/projects/shop-prod/global/firewalls?alt=json&prettyPrint=false", nil); answer.StatusCode != http.StatusOK {
		t.Errorf("JSON: %d", answer.StatusCode)
	}
	for _, path := range []string{"/v1/projects/shop-prod/locations/global/trustConfigs", "/v1/projects/shop-prod/locations//certificates", "/compute/v1/projects/shop-prod/aggregated/targetSslProxies", "/compute/v1/projects/shop-prod/aggregated/networks", "/compute/v1/projects/shop-prod/aggregated/routes"} {
		if answer, _ := get(t, http.DefaultClient, c.HTTP()+path, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.StatusCode)
		}
	}
	if got := permissions(c); slices.Contains(got, "compute.routes.list") {
		t.Errorf("permissions %v", got)
	}
}
