package fakecloud

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// A front is an HTTP server on a loopback port. Unlike http.Server.Close, its
// stop returns only when no handler runs any more.
type front struct {
	addr   string
	server *http.Server
	served chan struct{}
	conns  sync.WaitGroup

	// gate is held for reading by every answer under way.
	gate    sync.RWMutex
	stopped bool
}

// headerTimeout is how long a client may take to send a request's headers.
const headerTimeout = time.Minute

// startFront serves s on a free loopback port; with TLS it uses s.TLSConfig.
func startFront(s *http.Server, withTLS bool) (*front, error) {
	listener, err := listenLoopback("")
	if err != nil {
		return nil, err
	}
	return serveFront(s, listener, withTLS), nil
}

func serveFront(s *http.Server, listener net.Listener, withTLS bool) *front {
	f := &front{addr: listener.Addr().String(), server: s, served: make(chan struct{})}
	handler := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.gate.RLock()
		defer f.gate.RUnlock()
		if !f.stopped {
			handler.ServeHTTP(w, r)
		}
	})
	s.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			f.conns.Add(1)
		case http.StateClosed, http.StateHijacked:
			f.conns.Done()
		case http.StateActive, http.StateIdle:
		}
	}
	s.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	go func() {
		defer close(f.served)
		if withTLS {
			_ = s.ServeTLS(listener, "", "")
			return
		}
		_ = s.Serve(listener)
	}()
	return f
}

// listenLoopback takes a free port of loopback, or the address if one is given.
func listenLoopback(addr string) (*net.TCPListener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	return net.ListenTCP("tcp", at)
}

// stop closes the port and every connection. The second Close catches a
// connection that was being accepted during the first.
func (f *front) stop() {
	_ = f.server.Close()
	<-f.served
	_ = f.server.Close()
	f.gate.Lock()
	f.stopped = true
	f.gate.Unlock()
	f.conns.Wait()
}
