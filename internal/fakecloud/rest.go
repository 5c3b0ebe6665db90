package fakecloud

import (
	"net/http"
	"strings"
)

// A call is one REST request, understood: what it needs and how it is answered.
type call struct {
	permission string
	// resource is what a refusal names.
	resource string
	refused  func(r *refusal, permission, resource string) *googleError
	answer   func() (any, *googleError)
}

// serveREST answers both REST APIs; each has its own paths on one address.
func (c *Cloud) serveREST(w http.ResponseWriter, r *http.Request) {
	st := c.state.Load()
	var understood *call
	if path, ok := strings.CutPrefix(r.URL.Path, "/compute/v1/"); ok {
		understood = c.computeCall(st, path, r)
	} else if path, ok := strings.CutPrefix(r.URL.Path, "/v1/"); ok {
		understood = c.containerCall(st, path, r)
	}
	if understood == nil {
		c.recordHTTP(r, "")
		http.NotFound(w, r)
		return
	}
	c.recordHTTP(r, understood.permission)
	if !c.delay(r.Context()) {
		return
	}
	if no := refuse(st.world, understood.permission); no != nil {
		understood.refused(no, understood.permission, understood.resource).write(w)
		return
	}
	answer, problem := understood.answer()
	if problem != nil {
		problem.write(w)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}
