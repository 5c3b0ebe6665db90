package fakeslack

import (
	"net/http"
	"time"
)

// A Fault is how one call goes wrong instead of being served.
type Fault struct {
	// Status is the HTTP status; 0 and 200 answer 200 with Err in the body.
	Status int
	// Err is Slack's error code, such as channel_not_found.
	Err string
	// RetryAfter is sent with a 429; at least a second.
	RetryAfter time.Duration
	// Hang answers nothing until the client or the server goes away.
	Hang bool
}

// Fail lets the next n calls of a method go wrong.
func (s *Server) Fail(method string, f Fault, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults[method] = append(s.faults[method], f)
	}
}

func (s *Server) nextFault(method string) (Fault, bool) {
	queue := s.faults[method]
	if len(queue) == 0 {
		return Fault{}, false
	}
	s.faults[method] = queue[1:]
	return queue[0], true
}

func (s *Server) misbehave(w http.ResponseWriter, r *http.Request, f Fault) {
	switch {
	case f.Hang:
		select {
		case <-r.Context().Done():
		case <-s.gone:
		}
	case f.Status == http.StatusTooManyRequests:
		rateLimited(w, max(1, int(f.RetryAfter.Seconds())))
	case f.Status != 0 && f.Status != http.StatusOK:
		http.Error(w, "<html>"+http.StatusText(f.Status)+"</html>", f.Status)
	default:
		answer(w, failure(f.Err))
	}
}
