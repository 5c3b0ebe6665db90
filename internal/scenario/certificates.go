package scenario

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/api/certificatemanager/v1"
)

// certificateSlot reads the path of a Certificate Manager resource; what follows
// certificatemanager/ is its name in the API.
func certificateSlot(p []string) (slot, error) {
	last := len(p) - 1
	if (len(p) == 7 || len(p) == 9) && p[1] == "projects" && p[3] == "locations" && strings.HasSuffix(p[last], ".json") {
		s := slot{role: roleCertificates, collection: p[last-1], name: strings.TrimSuffix(p[last], ".json")}
		s.path = strings.Join(p[1:last], "/") + "/" + s.name
		inMap := len(p) == 9 && p[5] == "certificateMaps" && s.collection == "certificateMapEntries"
		if inMap || (len(p) == 7 && (s.collection == "certificateMaps" || s.collection == "certificates")) {
			return s, nil
		}
	}
	return slot{}, fmt.Errorf("unknown file: Certificate Manager's resources are certificatemanager/projects/P/locations/L/certificates/C.json, …/certificateMaps/M.json and …/certificateMaps/M/certificateMapEntries/E.json")
}

// certificate checks a resource of Certificate Manager and gives it its name.
func (l *loader) certificate(d *document) (json.RawMessage, bool) {
	typ, into := "certificatemanager Certificate", func() any { return &certificatemanager.Certificate{} }
	switch d.slot.collection {
	case "certificateMaps":
		typ, into = "certificatemanager CertificateMap", func() any { return &certificatemanager.CertificateMap{} }
	case "certificateMapEntries":
		typ, into = "certificatemanager CertificateMapEntry", func() any { return &certificatemanager.CertificateMapEntry{} }
	}
	body, ok := l.strict(d, typ, l.options.Lenient, intoStruct(into))
	if !ok {
		return nil, false
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		l.errorf(d.place(""), "", "not a JSON object: %v", err)
		return nil, false
	}
	if !l.agrees(d, fields, "name", d.slot.path) {
		return nil, false
	}
	fields["name"], _ = json.Marshal(d.slot.path)
	filled, err := json.Marshal(fields)
	if err != nil {
		l.errorf(d.place(""), "", "writing JSON: %v", err)
		return nil, false
	}
	return filled, true
}
