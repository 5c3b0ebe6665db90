package health

import (
	"fmt"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// The path of the health check wants a login, which a prober doesn't have (apps.md:
// Jenkins, Elasticsearch, oauth2-proxy; ingress-gce #42).
var authRequired = cause.Cause{
	ID:       "health/auth-required",
	Title:    "The path of the health check wants a login",
	Needs:    append([]facts.Kind{facts.ThirdPartyObjects}, questionNeeds...),
	Explains: []cause.ID{cause.BackendUnhealthy, cause.PodsNotReadyInNEG, cause.RequestsFailing},
	Check:    checkAuthRequired,
}

func checkAuthRequired(c cause.Case) cause.Outcome {
	return judge(c, statusIs(wantsLogin), (*backend).authFinding, (*backend).nothing)
}

func wantsLogin(status int) bool { return status == 401 || status == 403 || status == 407 }

func (b *backend) authFinding(c cause.Case, confidence cause.Confidence, a answer) cause.Finding {
	f := b.tell(c, confidence, a, fmt.Sprintf("%s wants a login for the health check's path %s (%d)", b.app(), b.check.Path, a.status))
	if a.status == 403 {
		f.Headline = fmt.Sprintf("%s forbids the health check's path %s without a login (403)", b.app(), b.check.Path)
	}
	return f
}
