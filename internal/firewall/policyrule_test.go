package firewall_test

import (
	"testing"

	"plumbline/internal/facts"
	"plumbline/internal/firewall"
)

func TestPolicyRules(t *testing.T) {
	t.Parallel()
	guard := func(rules ...string) world {
		return world{vpc: []string{admit}, policies: []policy{hierarchical("org", rules...)}}
	}
	const (
		passed   = "allowed by " + lb
		refused  = "denied by hierarchical policy org, rule 10 (deny)"
		mayFirst = "unknown: hierarchical policy org, rule 10 (deny) may decide first: "
		tagged   = "it targets secure tags, and those of the target weren't read"
	)
	tests := map[string]verdictCase{
		"a rule that denies":        {world: guard("10 deny tcp:8080 from=0.0.0.0/0"), want: firewall.Denied, both: refused},
		"rules are tried by number": {world: guard("20 allow all from=0.0.0.0/0", "10 deny all from=0.0.0.0/0"), want: firewall.Denied, both: refused},
		"a disabled rule":           {world: guard("10 deny all from=0.0.0.0/0 disabled"), want: firewall.Allowed, both: passed},
		"a disabled goto_next":      {world: guard("5 goto_next all from=0.0.0.0/0 disabled", "10 deny all from=0.0.0.0/0"), want: firewall.Denied, both: refused},
		"an egress rule":            {world: guard("10 deny all to=0.0.0.0/0 egress"), want: firewall.Allowed, both: passed},
		"another port":              {world: guard("10 deny tcp:22,3389 from=0.0.0.0/0"), want: firewall.Allowed, both: passed},
		"a rule with a name": {
			world: guard("10 deny all from=0.0.0.0/0 name=no-google"), want: firewall.Denied,
			both: "denied by hierarchical policy org, rule 10 no-google (deny)",
		},
		"secure tags of the target weren't read": {
			world: guard("10 deny all from=0.0.0.0/0 secure=tagValues/281"), want: firewall.Unknown, both: mayFirst + tagged,
		},
		"secure tags of the target were read, and match": {
			world: guard("10 deny all from=0.0.0.0/0 secure=tagValues/281"), want: firewall.Denied, both: refused,
			target: func(t *firewall.Target) { t.SecureTags = facts.Found([]string{"tagValues/281"}) },
		},
		"the target has no secure tags": {
			world: guard("10 deny all from=0.0.0.0/0 secure=tagValues/281"), want: firewall.Allowed, both: passed,
			target: func(t *firewall.Target) { t.SecureTags = facts.Absent[[]string]() },
		},
		"a rule whose secure tags are all ineffective is ignored": {
			world: guard("10 deny all from=0.0.0.0/0 secure=tagValues/281!,tagValues/282!"), want: firewall.Allowed, both: passed,
		},
		"one effective secure tag is enough": {
			world: guard("10 deny all from=0.0.0.0/0 secure=tagValues/281!,tagValues/282"), want: firewall.Unknown, both: mayFirst + tagged,
		},
		"secure tags where every outcome is the same": {
			world: world{policies: []policy{hierarchical("org", "10 deny all from=0.0.0.0/0 secure=tagValues/281")}},
			want:  firewall.Denied, both: implied,
		},
		"secure tags after the decision": {
			world: world{vpc: []string{admit}, policies: []policy{global("10 deny all from=0.0.0.0/0 secure=tagValues/281")}},
			want:  firewall.Allowed, both: passed,
		},
		"secure tags where one range is decided before": {
			world: guard("5 allow all from=130.211.0.0/22", "10 deny all from=0.0.0.0/0 secure=tagValues/281"), want: firewall.Unknown,
			parts: []string{
				"130.211.0.0/22 is allowed by hierarchical policy org, rule 5 (allow)", "35.191.0.0/16 is " + mayFirst + tagged,
			},
		},
		"goto_next by secure tags makes the policy's deny uncertain": {
			world: guard("5 goto_next all from=0.0.0.0/0 secure=tagValues/281", "10 deny all from=0.0.0.0/0"), want: firewall.Unknown,
			both: mayFirst + "hierarchical policy org, rule 5 (goto_next) may pass it on: " + tagged,
		},
		"goto_next by secure tags, and both ways lead to a deny": {
			world: world{policies: []policy{hierarchical("org", "5 goto_next all from=0.0.0.0/0 secure=tagValues/281", "10 deny all from=0.0.0.0/0")}},
			want:  firewall.Denied, both: implied,
		},
		"goto_next by secure tags, and nothing follows in the policy": {
			world: guard("5 goto_next all from=0.0.0.0/0 secure=tagValues/281"), want: firewall.Allowed, both: passed,
		},
		"secure tags of the source never match the probers": {
			world: guard("10 deny all srcsecure=tagValues/281"), want: firewall.Allowed, both: passed,
		},
		"secure tags of the source beside ranges": {
			world: guard("10 deny all srcsecure=tagValues/281 from=35.191.0.0/16"), want: firewall.Partial,
			parts: []string{"130.211.0.0/22 is " + passed, "35.191.0.0/16 is " + refused},
		},
		"secure tags of instances that send": {
			world:  world{policies: []policy{hierarchical("org", "10 allow all srcsecure=tagValues/281")}},
			packet: func(p *firewall.Packet) { p.FromInstances = true; p.Sources = p.Sources[:1] }, want: firewall.Unknown,
			parts: []string{"130.211.0.0/22 is unknown: hierarchical policy org, rule 10 (allow) may decide first: " +
				"it is for senders with certain secure tags, and the sender's weren't read"},
		},
		"an address group": {
			world: guard("10 deny all groups=projects/shop-prod/locations/global/addressGroups/bad"), want: firewall.Unknown,
			both: mayFirst + "its sources are address groups, which weren't read",
		},
		"an address group beside a range that decides": {
			world: guard("10 deny all groups=bad from=0.0.0.0/0"), want: firewall.Denied, both: refused,
		},
		"an address group beside a range that decides about a part": {
			world: guard("10 deny all groups=bad from=130.211.0.0/22"), want: firewall.Unknown,
			parts: []string{"130.211.0.0/22 is " + refused, "35.191.0.0/16 is " + mayFirst + "its sources are address groups, which weren't read"},
		},
		"an address group that agrees with what follows": {
			world: guard("10 allow all groups=good"), want: firewall.Allowed, both: passed,
		},
		"domain names": {
			world: guard("10 deny all fqdns=acme.example"), want: firewall.Unknown, both: mayFirst + "its sources are domain names, which weren't read",
		},
		"geolocations and threat intelligence": {
			world: guard("10 deny all geo=US intel=iplist-public-clouds"), want: firewall.Unknown,
			both: mayFirst + "its sources are geolocations and threat intelligence lists, which weren't read",
		},
		"a geolocation for another port": {
			world: guard("10 deny tcp:22 geo=US"), want: firewall.Allowed, both: passed,
		},
		"a network context makes even a range uncertain": {
			world: guard("10 deny all from=0.0.0.0/0 context=INTERNET"), want: firewall.Unknown,
			both: mayFirst + "it is for sources of network context INTERNET",
		},
		"an unspecified network context": {
			world: guard("10 deny all from=0.0.0.0/0 context=UNSPECIFIED"), want: firewall.Denied, both: refused,
		},
		"sources in certain networks": {
			world: guard("10 deny all from=0.0.0.0/0 srcnets=" + network), want: firewall.Unknown, both: mayFirst + "it is for sources in certain networks",
		},
		"no sources at all": {
			world: guard("10 deny all"), want: firewall.Unknown, both: mayFirst + "it names no sources",
		},
		"no protocols at all": {
			world: guard("10 deny - from=0.0.0.0/0"), want: firewall.Unknown, both: mayFirst + "it names no protocols",
		},
		"destination ranges without the pod": {
			world: guard("10 deny all from=0.0.0.0/0 to=192.0.2.0/24"), want: firewall.Allowed, both: passed,
		},
		"destination ranges with the pod": {
			world: guard("10 deny all from=0.0.0.0/0 to=10.4.0.0/14 tofqdns=acme.example"), want: firewall.Denied, both: refused,
		},
		"destinations by name": {
			world: guard("10 deny all from=0.0.0.0/0 to=192.0.2.0/24 tofqdns=acme.example"), want: firewall.Unknown,
			both: mayFirst + "its destinations are domain names, which weren't read",
		},
		"for this network": {
			world: guard("10 deny all from=0.0.0.0/0 networks=https://compute.googleapis.com/compute/v1/projects/shop-prod/global/networks/main"),
			want:  firewall.Denied, both: refused,
		},
		"for another network": {
			world: guard("10 deny all from=0.0.0.0/0 networks=https://www.googleapis.com/compute/v1/projects/shop-prod/global/networks/other"),
			want:  firewall.Allowed, both: passed,
		},
		"for a network of the same name in another project": {
			world: guard("10 deny all from=0.0.0.0/0 networks=projects/shop-test/global/networks/main"), want: firewall.Allowed, both: passed,
		},
		"for a network whose project is a number": {
			world: guard("10 deny all from=0.0.0.0/0 networks=projects/123456789/global/networks/main"), want: firewall.Unknown,
			both: mayFirst + "it is for certain networks, and whether this is one of them can't be told",
		},
		"for load balancers' proxies": {
			world: guard("10 deny all from=0.0.0.0/0 type=INTERNAL_MANAGED_LB"), want: firewall.Allowed, both: passed,
		},
		"for instances by type": {
			world: guard("10 deny all from=0.0.0.0/0 type=INSTANCES"), want: firewall.Denied, both: refused,
		},
		"for a type that isn't known": {
			world: guard("10 deny all from=0.0.0.0/0 type=TOASTERS"), want: firewall.Unknown, both: mayFirst + "it is for targets of type TOASTERS",
		},
		"inspection may drop it": {
			world: guard("10 apply_security_profile_group all from=0.0.0.0/0"), want: firewall.Unknown,
			both: "unknown: hierarchical policy org, rule 10 (apply_security_profile_group) hands it on (apply_security_profile_group), " +
				"and what comes of that isn't in the rules",
		},
		"inspection after the decision": {
			world: guard("5 deny all from=0.0.0.0/0", "10 apply_security_profile_group all from=0.0.0.0/0"),
			want:  firewall.Denied, both: "denied by hierarchical policy org, rule 5 (deny)",
		},
		"inspection of what may match": {
			world: guard("10 apply_security_profile_group all from=0.0.0.0/0 secure=tagValues/281"), want: firewall.Unknown,
			both: "unknown: hierarchical policy org, rule 10 (apply_security_profile_group) may decide first: " + tagged,
		},
		"an action that isn't known": {
			world: guard("10 quarantine all from=0.0.0.0/0"), want: firewall.Unknown,
			both: "unknown: hierarchical policy org, rule 10 (quarantine) hands it on (quarantine), and what comes of that isn't in the rules",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { t.Parallel(); tt.check(t) })
	}
}
