package kubetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	pollInterval = 50 * time.Millisecond
	// attempts is how often a process may find its port taken: between choosing a
	// free one and listening on it, somebody else can be faster.
	attempts = 4
	// shownLog is how much of a log is shown of a process that doesn't start, in
	// bytes from its end.
	shownLog = 8 << 10
)

// launch starts a binary on a free port and waits until it is ready; it returns the
// address. Its end is handed to atEnd.
func launch(
	ctx context.Context, dir, binary string, arguments func(address string) []string,
	ready func(ctx context.Context, address string) error, atEnd func(func()),
) (string, error) {
	name := filepath.Base(binary)
	for attempt := range attempts {
		address, err := freeAddress(ctx)
		if err != nil {
			return "", err
		}
		log := filepath.Join(dir, fmt.Sprintf("%s-%d.log", name, attempt))
		p, err := run(ctx, log, binary, arguments(address))
		if err != nil {
			return "", err
		}
		atEnd(p.stop)
		err = p.await(ctx, func() error { return ready(ctx, address) })
		if err == nil {
			return address, nil
		}
		p.stop()
		if !strings.Contains(p.output(), "address already in use") {
			return "", fmt.Errorf("starting %s: %w; the end of its log:\n%s", name, err, p.output())
		}
	}
	return "", fmt.Errorf("starting %s: %d times another process took its port", name, attempts)
}

// A process is one of the two, running or ended.
type process struct {
	kill  func() error
	log   string
	ended chan struct{}
	state string // how it ended; to be read after ended is closed
}

// run starts a binary whose output goes to the file log. It gets an environment
// without the caller's settings.
func run(ctx context.Context, log, binary string, arguments []string) (*process, error) {
	output, err := os.Create(log) //nolint:gosec // a file in the test's own folder
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	defer output.Close() //nolint:errcheck // the process has its own descriptor
	// The context of a test ends before its cleanup; what stops the process is stop.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, arguments...) //nolint:gosec // built by Build
	cmd.Stdout, cmd.Stderr = output, output
	cmd.Dir = filepath.Dir(log)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir}
	cmd.SysProcAttr = endWithParent()
	p := &process{log: log, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel takes the thread that starts a process for its parent, so that
		// thread has to stay as long as the process does.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // its error is the state, if the process began at all
			p.state = cmd.ProcessState.String()
		}
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	p.kill = cmd.Process.Kill
	return p, nil
}

// stop ends the process and waits until it is gone. It needs no farewell: what it
// would save ends with the test.
func (p *process) stop() {
	_ = p.kill()
	<-p.ended
}

// await waits until ready says so, and no longer than the process lives.
func (p *process) await(ctx context.Context, ready func() error) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	last := errors.New("never asked")
	for {
		select {
		case <-p.ended:
			return errors.New("it ended, " + p.state)
		case <-ctx.Done():
			return fmt.Errorf("it isn't ready: %w (%w)", last, context.Cause(ctx))
		case <-ticker.C:
		}
		if last = ready(); last == nil {
			return nil
		}
	}
}

// output is the end of the process's log.
func (p *process) output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(text[max(0, len(text)-shownLog):]))
}

// freeAddress is an address on loopback that nobody listened on just now.
func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	if err := l.Close(); err != nil {
		return "", fmt.Errorf("freeing a port: %w", err)
	}
	return l.Addr().String(), nil
}
