// Package firewall decides whether packets reach the instances of a VPC network,
// as Google Cloud does it: hierarchical policies, regional system policies, VPC
// rules, global and regional network policies, and the implied deny
// (cause-catalogue.md, network). It stands between facts and the causes.
//
// Everything is three-valued. A rule matches, doesn't match, or may match: by
// something that wasn't read, such as the secure tags of a node. What may match is
// carried along, and the answer is unknown only where it would have been another
// one. Sources are prefixes, and a verdict is exact to the address: what a rule
// covers of a source is cut out of it.
//
// The order of evaluation is that of Google's page
// "Evaluation order for firewall policies and rules"
// (docs.cloud.google.com/firewall/docs/firewall-policies-rule-eval-order). Facts
// that it leaves open are named where they are decided.
package firewall
