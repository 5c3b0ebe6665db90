// Package causes is the one list of all causes and of their pages. A cause is a
// file in its layer's package, a page beside it, and scenarios under
// testdata/scenarios; tests compare the three as sets.
package causes

import (
	"embed"
	"fmt"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/causes/backend"
	"plumbline/internal/causes/cert"
	"plumbline/internal/causes/control"
	"plumbline/internal/causes/edge"
	"plumbline/internal/causes/endpoint"
	"plumbline/internal/causes/gateway"
	"plumbline/internal/causes/health"
	"plumbline/internal/causes/ingress"
	"plumbline/internal/causes/latent"
	"plumbline/internal/causes/network"
	"plumbline/internal/causes/routing"
	"plumbline/internal/causes/workload"
)

//go:generate go run ../tools/catalogue

// layers in the order in which a request, and the controllers that build its path,
// meet them.
func layers() []layer {
	return []layer{
		{control.Causes, control.Pages},
		{ingress.Causes, ingress.Pages},
		{gateway.Causes, gateway.Pages},
		{edge.Causes, edge.Pages},
		{cert.Causes, cert.Pages},
		{routing.Causes, routing.Pages},
		{backend.Causes, backend.Pages},
		{health.Causes, health.Pages},
		{endpoint.Causes, endpoint.Pages},
		{network.Causes, network.Pages},
		{workload.Causes, workload.Pages},
		{latent.Causes, latent.Pages},
	}
}

type layer struct {
	causes []cause.Cause
	pages  embed.FS
}

// All lists every cause in the catalogue's order.
func All() []cause.Cause {
	var all []cause.Cause
	for _, l := range layers() {
		all = append(all, l.causes...)
	}
	return all
}

// Page is the explanation of a cause for people, as Markdown.
func Page(id cause.ID) (string, error) {
	for _, l := range layers() {
		for _, c := range l.causes {
			if c.ID != id {
				continue
			}
			page, err := l.pages.ReadFile(FileName(id))
			if err != nil {
				return "", fmt.Errorf("reading the page of %s: %w", id, err)
			}
			return string(page), nil
		}
	}
	return "", fmt.Errorf("no cause is called %q", id)
}

// FileName is the name of a cause's page inside its layer's folder.
func FileName(id cause.ID) string {
	_, name, _ := strings.Cut(string(id), "/")
	return strings.ReplaceAll(name, "-", "_") + ".md"
}
