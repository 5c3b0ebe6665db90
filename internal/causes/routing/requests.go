package routing

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

// notFound are the requests that were answered 404, by what serves where no rule fits or
// by the load balancer itself.
func notFound(c cause.Case) []signal.Signal {
	return slices.DeleteFunc(c.Requests(), func(s signal.Signal) bool {
		f := s.Request.Failure()
		return s.Request.Status != 404 || f != "" && f != signal.NotRouted
	})
}

// liveMap is the URL map that routes the target's requests; nil where it isn't known.
func liveMap(c cause.Case) *computepb.UrlMap {
	if maps := c.URLMaps(); len(maps) > 0 {
		return maps[0]
	}
	return nil
}

// told says what the log has of some requests, newest first: which paths, which answer.
func told(c cause.Case, list []signal.Signal) cause.Evidence {
	var seen []string
	for _, s := range list {
		if text := s.Request.Host() + s.Request.Path(); !slices.Contains(seen, text) {
			seen = append(seen, text)
		}
	}
	text := strings.Join(seen[:min(2, len(seen))], ", ")
	if more := len(seen) - 2; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	by := list[0].Request.BackendService
	if by == "" {
		by = "the load balancer"
	}
	return cause.Evidence{
		Source: "request log", Says: fmt.Sprintf("%s: %d from %s (%s)", text, list[0].Request.Status, by, requestsIn(len(list))),
		Link: cause.EntryLink(c.Facts.Project, list[0].ID, list[0].At),
	}
}

func requestsIn(n int) string {
	if n == 1 {
		return "1 request"
	}
	return fmt.Sprintf("%d requests", n)
}

// manifest begins a patch of the target.
func manifest(target facts.Ref) string {
	version := "networking.k8s.io/v1"
	return "apiVersion: " + version + "\nkind: " + target.Kind + "\nmetadata:\n  name: " + target.Name + "\n  namespace: " + target.Namespace + "\n"
}

// wroteRules is who wrote the target's rules last, which are one list and always written
// as a whole: they are as that write left them. Nil where the log doesn't tell.
func wroteRules(c cause.Case) *cause.Change { return c.Wrote(c.Target, "spec.rules") }
