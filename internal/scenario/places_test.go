package scenario

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProjectAndRegionAreFilledInFromThePath(t *testing.T) {
	s := loaded(t, head+`-- compute/projects/shop-prod/project.json --
{"quotas": [{"metric": "URL_MAPS", "limit": 10, "usage": 10}]}
-- compute/projects/shop-prod/regions/europe-west1/region.json --
{"quotas": [{"metric": "IN_USE_ADDRESSES", "limit": 8, "usage": 7}], "status": "UP"}
-- compute/projects/shop-prod/regions/europe-west1/networks/prod/effectiveFirewalls.json --
{"firewallPolicys": [{"name": "deny", "type": "NETWORK_REGIONAL"}]}
`)
	project, region := fields(t, s.World.Compute["projects/shop-prod"]), fields(t, s.World.Compute["projects/shop-prod/regions/europe-west1"])
	if project["name"] != "shop-prod" || project["kind"] != "compute#project" || project["selfLink"] != computeURL+"projects/shop-prod" {
		t.Errorf("project: %v", project)
	}
	if region["name"] != "europe-west1" || region["kind"] != "compute#region" || region["selfLink"] != computeURL+"projects/shop-prod/regions/europe-west1" {
		t.Errorf("region: %v", region)
	}
	if len(s.World.EffectiveFirewalls["projects/shop-prod/regions/europe-west1/networks/prod"]) == 0 {
		t.Errorf("effective firewalls: %v", sortedKeys(s.World.EffectiveFirewalls))
	}
}

func TestOperationsAndCertificatesAreFilledInFromThePath(t *testing.T) {
	s := loaded(t, head+`-- container/projects/shop-prod/locations/europe-west1/operations/operation-1.json --
{"operationType": "UPDATE_CLUSTER", "status": "RUNNING"}
-- certificatemanager/projects/shop-prod/locations/global/certificateMaps/shop.json --
{"description": "all hosts"}
-- certificatemanager/projects/shop-prod/locations/global/certificateMaps/shop/certificateMapEntries/www.json --
{"hostname": "www.acme.example", "state": "ACTIVE"}
-- certificatemanager/projects/shop-prod/locations/global/certificates/www.json --
{"managed": {"domains": ["www.acme.example"], "state": "FAILED"}}
`)
	o := s.World.Operations["projects/shop-prod/locations/europe-west1/operations/operation-1"]
	if o == nil || o.Name != "operation-1" || o.Location != "europe-west1" || o.SelfLink != containerURL+"projects/shop-prod/locations/europe-west1/operations/operation-1" {
		t.Errorf("operation: %+v", o)
	}
	const global = "projects/shop-prod/locations/global/"
	if diff := cmp.Diff([]string{
		global + "certificateMaps/shop", global + "certificateMaps/shop/certificateMapEntries/www", global + "certificates/www",
	}, sortedKeys(s.World.Certificates)); diff != "" {
		t.Error(diff)
	}
	for name, body := range s.World.Certificates {
		if got := fields(t, body)["name"]; got != name {
			t.Errorf("%s is named %v", name, got)
		}
	}
	c := s.World.Clone()
	c.Operations[o.Name] = nil
	c.Certificates[global+"certificates/www"][0] = 'x'
	if len(s.World.Operations) != 1 || s.World.Certificates[global+"certificates/www"][0] != '{' {
		t.Error("a clone shares operations or certificates")
	}
}

func TestNewPlacesAreReadStrictly(t *testing.T) {
	for file, want := range map[string]string{
		"compute/projects/p/project.json":                                                          `unknown field "x" (x isn't in compute Project)`,
		"compute/projects/p/regions/r/region.json":                                                 `unknown field "x" (x isn't in compute Region)`,
		"compute/projects/p/regions/r/networks/n/effectiveFirewalls.json":                          `unknown field "x" (x isn't in compute RegionNetworkFirewallPoliciesGetEffectiveFirewallsResponse)`,
		"container/projects/p/locations/l/operations/o.json":                                       `unknown field "x" (x isn't in container Operation)`,
		"certificatemanager/projects/p/locations/l/certificates/c.json":                            `unknown field "x" (x isn't in certificatemanager Certificate)`,
		"certificatemanager/projects/p/locations/l/certificateMaps/m.json":                         `unknown field "x" (x isn't in certificatemanager CertificateMap)`,
		"certificatemanager/projects/p/locations/l/certificateMaps/m/certificateMapEntries/e.json": `unknown field "x" (x isn't in certificatemanager CertificateMapEntry)`,
	} {
		t.Run(file, func(t *testing.T) {
			refused(t, head+"-- "+file+" --\n{\n\"x\": 1}\n", "x.txtar:7: "+file+": "+want)
		})
	}
	const operation = "container/projects/p/locations/l/operations/o.json"
	refused(t, head+"-- "+operation+" --\n{\"name\": \"p\"}\n", "x.txtar:6: "+operation+`: name is "p", but the path of the file says "o"`)
}

func TestRemovingProjectAndCertificate(t *testing.T) {
	write(t, map[string]string{
		"worlds/base.txtar": "-- compute/projects/p/project.json --\n{}\n-- certificatemanager/projects/p/locations/global/certificates/c.json --\n{}\n" +
			"-- compute/projects/p/global/networks/n.json --\n{}\n",
		"x.txtar": head + "world: base\nremove: [compute/projects/p/project.json, certificatemanager/projects/p/locations/global/certificates/c]\n",
	})
	s, _, err := Load("x.txtar", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.World.Certificates) != 0 || !cmp.Equal(sortedKeys(s.World.Compute), []string{"projects/p/global/networks/n"}) {
		t.Errorf("left: %v, %v", s.World.Certificates, sortedKeys(s.World.Compute))
	}
}

func TestUnreachableScopesStayAfterTheFix(t *testing.T) {
	s := loaded(t, head+"unreachable: [zones/europe-west1-b, regions/europe-west1]\n-- after/compute/projects/shop-prod/global/networks/n.json --\n{}\n")
	want := []string{"zones/europe-west1-b", "regions/europe-west1"}
	if !cmp.Equal(s.World.Unreachable, want) || !cmp.Equal(s.After.Unreachable, want) {
		t.Errorf("unreachable: %v, after: %v", s.World.Unreachable, s.After.Unreachable)
	}
}
