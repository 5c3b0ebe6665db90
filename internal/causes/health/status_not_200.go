package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// The check gets an answer that people call fine, such as 204, and that isn't 200
// (gcp-facts.md §9; loki #527, helm/charts #11878).
var statusNot200 = cause.Cause{
	ID:       "health/status-not-200",
	Title:    "The health check's path answers with another status than 200",
	Needs:    append([]facts.Kind{facts.ThirdPartyObjects}, questionNeeds...),
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing},
	Check:    checkStatus,
}

func checkStatus(c cause.Case) cause.Outcome {
	return judge(c, statusIs(isOther), (*backend).statusFinding, (*backend).nothing)
}

// isOther: no other cause of the layer is about the status.
func isOther(status int) bool {
	return status < 500 && !redirectStatus(status) && !isNotFound(status) && !wantsLogin(status)
}

func (b *backend) statusFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	headline := fmt.Sprintf("%s answers the health check with %d; Google accepts only 200", b.app(), a.status)
	return b.tell(c, confidence, a, headline)
}
