package network

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plumbline/internal/cause"
)

// admit is the fix: one more policy, since policies add up, for the Service's pods, the
// load balancer's addresses and the ports that it asks.
func admit(c cause.Case, list []shut) cause.Fix {
	f := cause.Fix{
		Summary: "add a NetworkPolicy that lets the load balancer's addresses in to the pods: policies add up, so the others stay as they are",
		Caveat:  "a namespaceSelector or podSelector doesn't help: the load balancer is outside the cluster",
	}
	for _, s := range list {
		if len(s.bad) > 0 && s.bad[0].Node {
			f.Caveat = "behind node ports the packets come from the nodes, whose addresses change with them; container-native load balancing (NEGs) needs Google's ranges only"
		}
		var ports []int32
		for _, p := range c.Passages() {
			if p.Ref(c.Facts.ClusterName) == s.Ref(c.Facts.ClusterName) {
				ports = portsOf(s, p.Verdicts)
			}
		}
		if len(ports) == 0 {
			ports = []int32{s.port}
		}
		name := "allow-load-balancer-" + s.Service
		from := sourcesFor(c, s)
		f.Commands = append(f.Commands, "echo '"+policyJSON(s, name, from, ports)+"' | kubectl apply -f -")
		f.Patches = append(f.Patches, cause.Patch{File: "NetworkPolicy " + s.Namespace + "/" + name, YAML: policyYAML(s, name, from, ports)})
	}
	return f
}

func selectorOf(s shut) map[string]string {
	if svc, ok := s.Object.Get(); ok {
		return svc.Spec.Selector
	}
	return s.pods[0].Labels
}

func policyJSON(s shut, name string, from []string, ports []int32) string {
	var peers, allowed []any
	for _, cidr := range from {
		peers = append(peers, map[string]any{"ipBlock": map[string]string{"cidr": cidr}})
	}
	for _, p := range ports {
		allowed = append(allowed, map[string]any{"protocol": "TCP", "port": p})
	}
	text, err := json.Marshal(map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": map[string]string{"name": name, "namespace": s.Namespace},
		"spec": map[string]any{
			"podSelector": map[string]any{"matchLabels": selectorOf(s)}, "policyTypes": []string{"Ingress"},
			"ingress": []any{map[string]any{"from": peers, "ports": allowed}},
		},
	})
	if err != nil {
		return ""
	}
	return string(text)
}

func policyYAML(s shut, name string, from []string, ports []int32) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  podSelector:\n    matchLabels:\n", name, s.Namespace)
	labels := selectorOf(s)
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "      %s: %s\n", k, labels[k])
	}
	b.WriteString("  policyTypes: [Ingress]\n  ingress:\n  - from:\n")
	for _, cidr := range from {
		fmt.Fprintf(&b, "    - ipBlock: {cidr: %s}\n", cidr)
	}
	b.WriteString("    ports:\n")
	for _, p := range ports {
		fmt.Fprintf(&b, "    - {protocol: TCP, port: %d}\n", p)
	}
	return b.String()
}
