package control

import (
	"regexp"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
)

var agentName = regexp.MustCompile(`^service-(\d+)@container-engine-robot\.iam\.gserviceaccount\.com$`)

// numberOf is the number of the cluster's project, as far as anything that was read
// tells it: the name of GKE's own account in the audit log, or what the Gateway
// controller wrote; empty where nothing does.
func numberOf(c cause.Case) string {
	for _, s := range c.Entries() {
		if s.Change != nil {
			if n := submatch(agentName, s.Change.By); n != "" {
				return n
			}
		}
	}
	gateways, _ := c.Facts.Gateways.Get()
	for _, g := range gateways {
		for path := range strings.SplitSeq(g.Annotations["networking.gke.io/backend-services"], ",") {
			rest, ok := strings.CutPrefix(strings.TrimSpace(path), "/projects/")
			if number, _, cut := strings.Cut(rest, "/"); ok && cut && isNumber(number) {
				return number
			}
		}
	}
	return ""
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// agent is the account that GKE's controllers act as, ready for a command line.
func agent(c cause.Case) string {
	number := numberOf(c)
	if number == "" {
		number = "$(gcloud projects describe " + c.Facts.Project + " --format='value(projectNumber)')"
	}
	return "service-" + number + "@container-engine-robot.iam.gserviceaccount.com"
}

// A belonging is whether something is the cluster's project's.
type belonging uint8

const (
	untold belonging = iota
	ours
	anothers
)

// belongs compares a project, named by ID or by number, with the cluster's.
func belongs(c cause.Case, project string) belonging {
	number := numberOf(c)
	switch {
	case project == c.Facts.Project:
		return ours
	case project == "" || isNumber(project) && number == "":
		return untold
	case project == number:
		return ours
	}
	return anothers
}

// projectOf is the project in a relative path of Compute's; empty where there is none.
func projectOf(path string) string {
	p := strings.Split(path, "/")
	if len(p) < 2 || p[0] != "projects" {
		return ""
	}
	return p[1]
}

func projectRef(c cause.Case) facts.Ref {
	return facts.Ref{Project: c.Facts.Project, Kind: facts.KindProject, Name: c.Facts.Project}
}
