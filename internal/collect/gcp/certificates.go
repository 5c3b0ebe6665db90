package gcp

import (
	"context"

	certificatemanager "google.golang.org/api/certificatemanager/v1"

	"plumbline/internal/facts"
)

// CertificateMaps reads Certificate Manager's maps, which only location global has.
func (r *Reader) CertificateMaps(ctx context.Context, project string) facts.Value[[]*certificatemanager.CertificateMap] {
	var found []*certificatemanager.CertificateMap
	var lacks missing
	err := r.certificates.Projects.Locations.CertificateMaps.List("projects/"+project+"/locations/global").PageSize(pageSize).
		Pages(ctx, func(page *certificatemanager.ListCertificateMapsResponse) error {
			found = append(found, page.CertificateMaps...)
			lacks.add(page.Unreachable...)
			return nil
		})
	return list(of(facts.CertificateMaps, "certificate maps", project), found, firstOf(err, lacks))
}

// CertificateEntries reads the entries of one map by its full name,
// projects/P/locations/global/certificateMaps/M. A map that is gone has none that
// could be listed: absent.
func (r *Reader) CertificateEntries(ctx context.Context, certificateMap string) facts.Value[[]*certificatemanager.CertificateMapEntry] {
	var found []*certificatemanager.CertificateMapEntry
	var lacks missing
	err := r.certificates.Projects.Locations.CertificateMaps.CertificateMapEntries.List(certificateMap).PageSize(pageSize).
		Pages(ctx, func(page *certificatemanager.ListCertificateMapEntriesResponse) error {
			found = append(found, page.CertificateMapEntries...)
			lacks.add(page.Unreachable...)
			return nil
		})
	if isNotFound(err) {
		return facts.Absent[[]*certificatemanager.CertificateMapEntry]()
	}
	return list(of(facts.CertificateEntries, "entries", certificateMap), found, firstOf(err, lacks))
}

// Certificates reads Certificate Manager's certificates of location global: those
// that maps name. Regional ones are not among them.
func (r *Reader) Certificates(ctx context.Context, project string) facts.Value[[]*certificatemanager.Certificate] {
	return r.CertificatesIn(ctx, "projects/"+project+"/locations/global")
}

// CertificatesIn reads Certificate Manager's certificates of one location, given by
// its full name, projects/P/locations/L.
func (r *Reader) CertificatesIn(ctx context.Context, location string) facts.Value[[]*certificatemanager.Certificate] {
	var found []*certificatemanager.Certificate
	var lacks missing
	err := r.certificates.Projects.Locations.Certificates.List(location).PageSize(pageSize).
		Pages(ctx, func(page *certificatemanager.ListCertificatesResponse) error {
			found = append(found, page.Certificates...)
			lacks.add(page.Unreachable...)
			return nil
		})
	return list(of(facts.Certificates, "certificates", location), found, firstOf(err, lacks))
}

// firstOf is why a list isn't whole: it failed, or it lacks something.
func firstOf(err error, lacks missing) error {
	if err != nil {
		return err
	}
	return lacks.err()
}
