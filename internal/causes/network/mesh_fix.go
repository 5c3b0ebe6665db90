package network

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// meshEvidence is what makes the port strict, and what our own probe met.
func meshEvidence(c cause.Case, list []shut, policy *facts.PeerAuthentication) []cause.Evidence {
	scope := "the namespace"
	switch {
	case selective(policy):
		scope = "the pods that it selects"
	case policy.Namespace == glbc.MeshNamespace:
		scope = "the whole mesh"
	}
	all := []cause.Evidence{{Source: "container.thirdPartyObjects.list", Says: fmt.Sprintf("PeerAuthentication %s/%s: mTLS mode STRICT for %s", policy.Namespace, policy.Name, scope), Link: cause.ClusterLink(c.Facts.ClusterName)}}
	for _, s := range list {
		pod := s.pods[0]
		ready := 0
		for _, p := range s.pods {
			if glbc.IsReady(p) {
				ready++
			}
		}
		add(&all, cause.Evidence{Source: "container.pods.list", Says: fmt.Sprintf("%s has the sidecar istio-proxy; %d of %d such pods are Ready", pod.Name, ready, len(s.pods)), Link: cause.ObjectLink(podRef(c, facts.KindPod, pod.Namespace, pod.Name))})
		if _, unreachable := probedWith(c, pod, s.port); isReset(unreachable) {
			add(&all, cause.Evidence{Source: "our probe", Says: fmt.Sprintf("a plain request to %s:%d was reset", pod.Name, s.port)})
		}
	}
	return all
}

// permissive is the fix: the port takes plain text besides mutual TLS. A port can only be
// named by a policy that selects pods.
func permissive(policy *facts.PeerAuthentication, list []shut) cause.Fix {
	f := cause.Fix{
		Summary: "let the port take plain text besides mutual TLS (PERMISSIVE), or send the load balancer to the mesh's ingress gateway instead",
		Caveat:  "pointing the check at the sidecar's :15021/healthz/ready alone makes endpoints HEALTHY, and every request still fails",
	}
	for _, s := range list {
		if selective(policy) {
			f.Commands = append(f.Commands, fmt.Sprintf(`kubectl patch peerauthentication %s -n %s --type merge -p '{"spec":{"portLevelMtls":{"%d":{"mode":"PERMISSIVE"}}}}'`, policy.Name, policy.Namespace, s.port))
			f.Patches = append(f.Patches, cause.Patch{
				File: "PeerAuthentication " + policy.Namespace + "/" + policy.Name,
				YAML: fmt.Sprintf("spec:\n  portLevelMtls:\n    \"%d\": {mode: PERMISSIVE}\n", s.port),
			})
			continue
		}
		yaml := portPolicy(s)
		f.Commands = append(f.Commands, "echo '"+portPolicyJSON(s)+"' | kubectl apply -f -")
		f.Patches = append(f.Patches, cause.Patch{File: "PeerAuthentication " + s.Namespace + "/" + s.Service + "-load-balancer", YAML: yaml})
	}
	return f
}

func portPolicyJSON(s shut) string {
	text, err := json.Marshal(map[string]any{
		"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
		"metadata": map[string]string{"name": s.Service + "-load-balancer", "namespace": s.Namespace},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": selectorOf(s)}, "mtls": map[string]string{"mode": "STRICT"},
			"portLevelMtls": map[string]any{fmt.Sprint(s.port): map[string]string{"mode": "PERMISSIVE"}},
		},
	})
	if err != nil {
		return ""
	}
	return string(text)
}

func portPolicy(s shut) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: %s-load-balancer\n  namespace: %s\nspec:\n  selector:\n    matchLabels:\n", s.Service, s.Namespace)
	labels := selectorOf(s)
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "      %s: %s\n", k, labels[k])
	}
	fmt.Fprintf(&b, "  mtls:\n    mode: STRICT\n  portLevelMtls:\n    \"%d\":\n      mode: PERMISSIVE\n", s.port)
	return b.String()
}
