package testdata_test

import (
	"encoding/json"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/api/certificatemanager/v1"

	"plumbline/internal/facts"
)

// certificates: every HTTPS proxy has certificates that work, for each host of its
// URL map.
func (a *audit) certificates() {
	for name, proxy := range resources[computepb.TargetHttpsProxy](a, "targetHttpsProxies") {
		var covered []string
		for _, u := range proxy.GetSslCertificates() {
			covered = append(covered, a.classic(facts.RelativePath(u))...)
		}
		if m := proxy.GetCertificateMap(); m != "" {
			covered = append(covered, a.mapped(facts.RelativePath(m))...)
		}
		for _, rule := range resources[computepb.UrlMap](a, "urlMaps")[facts.RelativePath(proxy.GetUrlMap())].GetHostRules() {
			for _, host := range rule.GetHosts() {
				if !slices.Contains(covered, host) {
					a.problemf("%s has no certificate for %s", name, host)
				}
			}
		}
	}
}

// classic are the domains of a certificate of Compute.
func (a *audit) classic(path string) []string {
	c := resources[computepb.SslCertificate](a, "sslCertificates")[path]
	if c.GetType() == "SELF_MANAGED" {
		return c.GetSubjectAlternativeNames()
	}
	domains := c.GetManaged().GetDomains()
	if c.GetManaged().GetStatus() != "ACTIVE" {
		a.problemf("%s is %s", path, c.GetManaged().GetStatus())
	}
	for _, domain := range domains {
		if s := c.GetManaged().GetDomainStatus()[domain]; s != "ACTIVE" {
			a.problemf("%s: %s is %s", path, domain, s)
		}
	}
	return domains
}

// mapped are the hosts that a map of Certificate Manager has certificates for.
func (a *audit) mapped(path string) []string {
	if a.Certificates[path] == nil {
		a.problemf("%s isn't in the world", path)
	}
	var hosts []string
	for name, text := range a.Certificates {
		if !strings.HasPrefix(name, path+"/certificateMapEntries/") {
			continue
		}
		var entry certificatemanager.CertificateMapEntry
		if err := json.Unmarshal(text, &entry); err != nil || entry.State != "ACTIVE" {
			a.problemf("%s is %s, error %v", name, entry.State, err)
		}
		for _, certificate := range entry.Certificates {
			var c certificatemanager.Certificate
			if err := json.Unmarshal(a.Certificates[certificate], &c); err != nil || c.Managed == nil || c.Managed.State != "ACTIVE" || !slices.Contains(c.SanDnsnames, entry.Hostname) {
				a.problemf("%s doesn't work for %s, error %v", certificate, entry.Hostname, err)
			}
		}
		hosts = append(hosts, entry.Hostname)
	}
	return hosts
}
