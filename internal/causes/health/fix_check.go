package health

import (
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

// fixCheck is for a backend service that no controller made: its health check is
// edited by hand, and nothing undoes that but those who keep it in code.
func (b *backend) fixCheck(a answer) cause.Fix {
	hc, _ := b.HealthCheck.Get()
	scope := "--global"
	if hc.GetRegion() != "" {
		scope = "--region=" + facts.LastSegment(hc.GetRegion())
	}
	project, _, _ := strings.Cut(strings.TrimPrefix(facts.RelativePath(hc.GetSelfLink()), "projects/"), "/")
	f := cause.Fix{
		Summary: "point the check at a path that answers 200 without login or redirect: put it in place of /PATH",
		Commands: []string{fmt.Sprintf("gcloud compute health-checks update %s %s --project=%s %s --request-path=/PATH",
			strings.ToLower(b.check.Type), hc.GetName(), project, scope)},
		Caveat: "where Terraform owns the health check, change it there too",
	}
	if a.location == "" {
		f.Summary = "find out where the app redirects to, and " + f.Summary
	}
	return f
}
