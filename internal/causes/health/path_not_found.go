package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// The path of the health check answers 404: nothing is served there, or not for the Host
// that the check sends (apps.md; Kong/kong-dist-kubernetes #33, ingress-gce #868).
var pathNotFound = cause.Cause{
	ID:       "health/path-not-found",
	Title:    "The path of the health check answers 404",
	Needs:    append([]facts.Kind{facts.ThirdPartyObjects}, questionNeeds...),
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing},
	Check:    checkPathNotFound,
}

func checkPathNotFound(c cause.Case) cause.Outcome {
	return judge(c, statusIs(isNotFound), (*backend).pathFinding, (*backend).answersFine)
}

func isNotFound(status int) bool { return status == 404 || status == 410 }

func (b *backend) pathFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	return b.tell(c, confidence, a, fmt.Sprintf("The health check asks %s for %s, which answers %d", b.app(), b.check.Path, a.status))
}
