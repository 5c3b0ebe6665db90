package scenario

import (
	"encoding/json"
	"net/netip"
	"path"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/facts"
)

// health checks the answers of getHealth, by group.
func (l *loader) health(d *document) (map[string]json.RawMessage, bool) {
	if !isObject(d.body) {
		l.errorf(d.place(""), "", "health.json is an object: group (zones/Z/networkEndpointGroups/G) to array of HealthStatus")
		return nil, false
	}
	var groups map[string]json.RawMessage
	if err := json.Unmarshal(d.body, &groups); err != nil {
		l.errorf(d.place(""), "", "not a JSON object: %v", err)
		return nil, false
	}
	out, good := make(map[string]json.RawMessage, len(groups)), true
	for _, group := range sortedKeys(groups) {
		statuses := groups[group]
		name := facts.ScopePath(group)
		if !isGroup(name) {
			l.errorf(d.place(group), group, "key %q isn't a group: zones/Z/networkEndpointGroups/G or zones/Z/instanceGroups/G", group)
			good = false
			continue
		}
		body, ok := l.array(d, group, statuses, "compute HealthStatus", wrapped("healthStatus", &computepb.BackendServiceGroupHealth{}))
		out[name], good = body, good && ok
	}
	return out, good
}

func isGroup(name string) bool {
	p := strings.Split(name, "/")
	if len(p) == 3 && p[0] == "global" {
		p = append([]string{"global", "global"}, p[1:]...)
	}
	return len(p) == 4 && p[1] != "" && p[3] != "" &&
		slices.Contains([]string{"zones", "regions", "global"}, p[0]) &&
		slices.Contains([]string{"networkEndpointGroups", "instanceGroups"}, p[2])
}

// endpoints checks the answer of listNetworkEndpoints.
func (l *loader) endpoints(d *document) (json.RawMessage, bool) {
	return l.array(d, "", d.body, "compute NetworkEndpointWithHealthStatus", wrapped("items", &computepb.NetworkEndpointGroupsListNetworkEndpoints{}))
}

// effectiveFirewalls checks the answer of getEffectiveFirewalls.
func (l *loader) effectiveFirewalls(d *document) (json.RawMessage, bool) {
	return l.strict(d, "compute NetworksGetEffectiveFirewallsResponse", l.options.Lenient, intoMessage(&computepb.NetworksGetEffectiveFirewallsResponse{}))
}

// regionFirewalls checks the answer of regionNetworkFirewallPolicies.getEffectiveFirewalls.
func (l *loader) regionFirewalls(d *document) (json.RawMessage, bool) {
	return l.strict(d, "compute RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse", l.options.Lenient,
		intoMessage(&computepb.RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse{}))
}

// array checks an array inside a document, whose paths start with prefix.
func (l *loader) array(d *document, prefix string, body []byte, typ string, dec decode) (json.RawMessage, bool) {
	if !isArray(body) {
		l.errorf(d.place(prefix), prefix, "an array of %s is expected", typ[strings.IndexByte(typ, ' ')+1:])
		return nil, false
	}
	part := *d
	part.body = body
	if prefix != "" {
		part.sources = slices.Clone(d.sources)
		for i, s := range part.sources {
			part.sources[i].marks = known(s.marks().under(prefix))
		}
	}
	return l.strict(&part, typ, l.options.Lenient, dec)
}

// responses reads responses.yaml.
func (l *loader) responses(m *member) []Response {
	d, ok := l.readSingle(m)
	if !ok {
		return nil
	}
	var rows []Response
	if _, ok := l.strict(d, "responses.yaml", false, intoStruct(func() any { rows = nil; return &rows })); !ok {
		return nil
	}
	for i := range rows {
		l.checkResponse(d, indexPath("", i), rows[i])
		if rows[i].Path == "" {
			rows[i].Path = "*"
		}
	}
	return rows
}

func (l *loader) checkResponse(d *document, row string, r Response) {
	if namespace, name, ok := strings.Cut(r.Pod, "/"); !ok || namespace == "" || name == "" {
		l.errorf(d.place(keyPath(row, "pod")), row+".pod", "pod %q isn't namespace/name", r.Pod)
	}
	l.checkGlob(d, keyPath(row, "pod"), r.Pod)
	l.checkGlob(d, keyPath(row, "path"), r.Path)
	if r.Port < 1 || r.Port > 65535 {
		l.errorf(d.place(keyPath(row, "port")), row+".port", "port is %d; 1 to 65535 is possible", r.Port)
	}
	l.oneOf(d, keyPath(row, "scheme"), r.Scheme, "", "http", "https", "tcp")
	l.oneOf(d, keyPath(row, "error"), r.Error, "", "timeout", "refused", "reset", "tls", "certificate")
	switch {
	case r.Error != "" && r.Status != 0:
		l.errorf(d.place(keyPath(row, "error")), row+".error", "a row has a status or an error, this one has both")
	case r.Error == "" && r.Status == 0 && r.Scheme != "tcp":
		l.errorf(d.place(row), row+".status", "a row has a status or an error, this one has neither")
	case r.Status != 0 && (r.Status < 100 || r.Status > 599):
		l.errorf(d.place(keyPath(row, "status")), row+".status", "status %d isn't one of HTTP", r.Status)
	}
}

func (l *loader) checkGlob(d *document, key, glob string) {
	if _, err := path.Match(glob, ""); err != nil {
		l.errorf(d.place(key), key, "%s %q isn't a glob: %v", parentless(key), glob, err)
	}
}

// oneOf complains about a word that isn't one of the words; the first may be
// empty for "not given".
func (l *ledger) oneOf(d *document, key, word string, words ...string) {
	if !slices.Contains(words, word) {
		l.errorf(d.place(key), key, "%s is %q; it can be %s", parentless(key), word, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), ", "))
	}
}

func parentless(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// dns reads dns.yaml.
func (l *loader) dns(m *member) map[string]DNSRecord {
	d, ok := l.readSingle(m)
	if !ok {
		return nil
	}
	var hosts map[string]DNSRecord
	if _, ok := l.strict(d, "dns.yaml", false, intoStruct(func() any { hosts = nil; return &hosts })); !ok {
		return nil
	}
	for _, host := range sortedKeys(hosts) {
		r := hosts[host]
		l.checkAddresses(d, keyPath(host, "A"), r.A, netip.Addr.Is4, "an IPv4 address")
		l.checkAddresses(d, keyPath(host, "AAAA"), r.AAAA, netip.Addr.Is6, "an IPv6 address")
		if r.NXDOMAIN && len(r.A)+len(r.AAAA)+len(r.CAA) > 0 {
			l.errorf(d.place(keyPath(host, "NXDOMAIN")), keyPath(host, "NXDOMAIN"), "%s is NXDOMAIN and has records", host)
		}
	}
	return hosts
}

func (l *loader) checkAddresses(d *document, key string, texts []string, is func(netip.Addr) bool, what string) {
	for i, text := range texts {
		if a, err := netip.ParseAddr(text); err != nil || !is(a) {
			l.errorf(d.place(indexPath(key, i)), indexPath(key, i), "%q isn't %s", text, what)
		}
	}
}
