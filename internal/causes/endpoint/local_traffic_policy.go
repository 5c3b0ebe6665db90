package endpoint

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// With externalTrafficPolicy Local a node passes requests to its own pods only, so that a
// node without one fails the check as it should (GKE's troubleshooting page; red herring
// of the catalogue).
var localTrafficPolicy = cause.Cause{
	ID:    "endpoint/local-traffic-policy",
	Title: "Nodes without a pod of the Service are UNHEALTHY by design",
	Note:  true,
	Needs: paths,
	Check: checkLocal,
}

func checkLocal(c cause.Case) (out cause.Outcome) {
	for _, b := range onPods(c) {
		byDesign, all := designed(c, b)
		if byDesign == 0 {
			continue
		}
		out.Findings = append(out.Findings, cause.Finding{
			Subject:  facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindService, Namespace: b.Namespace, Name: b.Service},
			Headline: fmt.Sprintf("%d of %d nodes have no pod of %s/%s and are UNHEALTHY by design: its externalTrafficPolicy is Local", byDesign, all, b.Namespace, b.Service),
			Fix: cause.Fix{Commands: []string{
				fmt.Sprintf(`kubectl annotate service %s -n %s --overwrite cloud.google.com/neg='{"ingress":true}'`, b.Service, b.Namespace),
			}},
		})
	}
	return out
}

func designed(c cause.Case, b glbc.Backend) (n, all int) {
	endpoints, _ := glbc.Endpoints(c.Facts, b)
	for _, e := range endpoints {
		if e.ByDesign && e.State == "UNHEALTHY" {
			n++
		}
	}
	return n, len(endpoints)
}
