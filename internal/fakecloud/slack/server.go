// Package fakeslack is Slack's Web API on a loopback port, as far as Plumbline
// uses it: posting, updating and reading back messages, with Slack's limits,
// errors and rate limit enforced (gcp-facts.md §11). It stands where Slack stands
// in production, so that the vendor's client runs against it in tests, replay and
// demo.
package fakeslack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config says which Slack to play. The zero Config has the token DefaultToken, the
// channel DefaultChannel and the wall clock.
type Config struct {
	// Token is the only one that is accepted.
	Token string
	// Channels maps names, without #, to IDs.
	Channels map[string]string
	// Now is the clock that time stamps and the rate limit go by.
	Now func() time.Time
	// OnePerSecond limits chat.postMessage to one message a second and channel.
	OnePerSecond bool
}

// What the zero Config knows.
const (
	DefaultToken   = "demo-bot-token" //nolint:gosec // opens nothing but this fake
	DefaultChannel = "load-balancers"
	DefaultID      = "C0DEMO"
)

// A Server is one running fake. It is safe for concurrent use.
type Server struct {
	// URL is the server's address, without a slash at the end.
	URL string
	// Token is the accepted one.
	Token string

	config Config
	http   *http.Server
	served sync.WaitGroup
	gone   chan struct{}
	page   http.Handler

	mu       sync.Mutex
	messages []*message
	last     map[string]time.Time
	lastTS   int64
	faults   map[string][]Fault
	calls    []string
}

// Start serves on a loopback port until Close.
func Start(c Config) (*Server, error) {
	if c.Token == "" {
		c.Token = DefaultToken
	}
	if len(c.Channels) == 0 {
		c.Channels = map[string]string{DefaultChannel: DefaultID}
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // a server of its own, whose time stamps are the wall clock's unless a test says otherwise
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("starting the fake Slack: %w", err)
	}
	s := &Server{
		URL: "http://" + listener.Addr().String(), Token: c.Token, config: c, gone: make(chan struct{}),
		last: map[string]time.Time{}, faults: map[string][]Fault{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.serveMethod)
	mux.HandleFunc("/", s.servePage)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.served.Go(func() { _ = s.http.Serve(listener) })
	return s, nil
}

// APIURL is what the vendor's client wants as its API URL.
func (s *Server) APIURL() string { return s.URL + "/api/" }

// Close stops the server and waits for what it is doing.
func (s *Server) Close() error {
	close(s.gone)
	err := s.http.Close()
	s.served.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("stopping the fake Slack: %w", err)
	}
	return nil
}

// ShowAt lets a handler serve everything outside /api/, for people who look.
func (s *Server) ShowAt(page http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = page
}

// Calls are the methods that were called, in order, whatever became of them.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.calls...)
}

func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	page := s.page
	s.mu.Unlock()
	if page == nil {
		http.NotFound(w, r)
		return
	}
	page.ServeHTTP(w, r)
}

// maxBody is more than any message that the limits let through.
const maxBody = 4 << 20

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	args, err := arguments(http.MaxBytesReader(w, r.Body, maxBody), r)
	s.mu.Lock()
	s.calls = append(s.calls, method)
	fault, faulty := s.nextFault(method)
	s.mu.Unlock()
	switch {
	case faulty:
		s.misbehave(w, r, fault)
	case err != nil:
		answer(w, failure("invalid_form_data"))
	case args["token"] == "":
		answer(w, failure("not_authed"))
	case args["token"] != s.config.Token:
		answer(w, failure("invalid_auth"))
	default:
		s.call(w, method, args)
	}
}

func (s *Server) call(w http.ResponseWriter, method string, args map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch method {
	case "auth.test":
		answer(w, reply{"url": s.URL + "/", "team": "acme", "team_id": "T0DEMO", "user": "plumbline", "user_id": "U0DEMO", "bot_id": "B0DEMO"})
	case "chat.postMessage":
		if wait := s.tooSoon(args); wait > 0 {
			rateLimited(w, wait)
			return
		}
		answer(w, s.post(args))
	case "chat.update":
		answer(w, s.update(args))
	case "conversations.history":
		answer(w, s.history(args))
	case "conversations.replies":
		answer(w, s.replies(args))
	default:
		answer(w, failure("unknown_method"))
	}
}

// tooSoon is how many seconds the channel must wait; zero where it needn't.
func (s *Server) tooSoon(args map[string]string) int {
	if !s.config.OnePerSecond {
		return 0
	}
	now, channel := s.config.Now(), args["channel"]
	if id, ok := s.channel(channel); ok {
		channel = id
	}
	if last, ok := s.last[channel]; ok && now.Sub(last) < time.Second {
		return 1
	}
	s.last[channel] = now
	return 0
}

func rateLimited(w http.ResponseWriter, seconds int) {
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte(`{"ok":false,"error":"ratelimited"}`))
}

// A reply is the JSON object of an answer; ok is true unless it says otherwise.
type reply map[string]any

func failure(code string, details ...string) reply {
	r := reply{"ok": false, "error": code}
	if len(details) > 0 {
		r["response_metadata"] = map[string]any{"messages": details}
	}
	return r
}

func answer(w http.ResponseWriter, r reply) {
	if _, said := r["ok"]; !said {
		r["ok"] = true
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(r)
}
