package report

import (
	"plumbline/internal/path"
)

// A Hop is one station of the target's path: ok, broken, unknown or not-applicable.
type Hop struct {
	Station string   `json:"station"`
	State   string   `json:"state"`
	Says    string   `json:"says,omitempty"`
	Objects []string `json:"objects"`
	// Differences are where what exists isn't what GKE's controllers would build.
	Differences []Difference `json:"differences,omitempty"`
}

// A Difference is one field of one object; empty is nothing.
type Difference struct {
	Object string `json:"object"`
	Field  string `json:"field"`
	Want   string `json:"want"`
	Have   string `json:"have"`
}

func hops(p path.Path) []Hop {
	list := make([]Hop, 0, len(p.Hops))
	for _, h := range p.Hops {
		hop := Hop{Station: string(h.Station), State: string(h.State), Says: h.Says, Objects: make([]string, 0, len(h.Objects))}
		for _, o := range h.Objects {
			hop.Objects = append(hop.Objects, o.String())
		}
		for _, d := range h.Differences {
			hop.Differences = append(hop.Differences, Difference{Object: d.Object.String(), Field: d.Field, Want: d.Want, Have: d.Have})
		}
		list = append(list, hop)
	}
	return list
}
