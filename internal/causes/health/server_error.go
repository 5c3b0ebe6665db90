package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// The app answers the health check with an error of its own: the check says what it is
// there to say (gcp-facts.md §3, probeResultText).
var serverError = cause.Cause{
	ID:       "health/server-error",
	Title:    "The app answers the health check with a server error",
	Needs:    append([]facts.Kind{facts.ThirdPartyObjects}, questionNeeds...),
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing},
	Check:    checkServerError,
}

func checkServerError(c cause.Case) cause.Outcome {
	return judge(c, statusIs(func(status int) bool { return status >= 500 }), (*backend).errorFinding, (*backend).nothing)
}

func (b *backend) errorFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.tell(c, confidence, a, fmt.Sprintf("%s answers the health check on %s with an error of its own (%d)", b.app(), b.check.Path, a.status))
	f.Change = nil
	f.Fix = b.fixApp(f.Subject)
	return f
}

// fixApp leads to the app's own words: what is wrong with it no load balancer knows.
func (b *backend) fixApp(subject facts.Ref) cause.Fix {
	f := cause.Fix{
		Summary: "find out from the app's log why it fails; the load balancer takes the pods back by itself once the path answers 200",
		Caveat:  "no setting of the load balancer helps, and another path only hides that the app fails",
	}
	switch {
	case workload(subject):
		f.Commands = []string{fmt.Sprintf("kubectl logs %s -n %s --all-containers --since=1h", handle(subject), subject.Namespace)}
	case len(b.pods) > 0:
		f.Commands = []string{fmt.Sprintf("kubectl logs %s -n %s --all-containers --since=1h", b.pods[0].Name, b.pods[0].Namespace)}
	}
	return f
}
