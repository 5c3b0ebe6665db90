package kubetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script is a binary made of shell commands.
func script(t *testing.T, commands string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+commands+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func addressOnly(address string) []string { return []string{address} }

func TestAProcessThatEndsShowsItsLog(t *testing.T) {
	asked := errors.New("asked in vain")
	_, err := launch(t.Context(), t.TempDir(), script(t, "echo listening on $1; echo no etcd there >&2; exit 3"), addressOnly,
		func(context.Context, string) error { return asked }, t.Cleanup)
	for _, want := range []string{"server", "exit status 3", "listening on 127.0.0.1:", "no etcd there"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestAPortThatIsTakenIsChosenAnew(t *testing.T) {
	dir := t.TempDir()
	const commands = `
echo started >>starts
if [ $(wc -l <starts) -lt 3 ]; then echo "listen tcp $1: bind: address already in use"; exit 1; fi
exec sleep 600`
	ready := func(context.Context, string) error {
		if starts, _ := os.ReadFile(filepath.Join(dir, "starts")); strings.Count(string(starts), "\n") < 3 {
			return errors.New("not yet")
		}
		return nil
	}
	address, err := launch(t.Context(), dir, script(t, commands), addressOnly, ready, t.Cleanup)
	if err != nil || !strings.HasPrefix(address, "127.0.0.1:") {
		t.Errorf("address %q, %v", address, err)
	}
	always := script(t, `echo "bind: address already in use"; exit 1`)
	never := func(context.Context, string) error { return errors.New("not yet") }
	if _, err := launch(t.Context(), t.TempDir(), always, addressOnly, never, t.Cleanup); err == nil {
		t.Error("a process that never gets its port has started")
	}
}

func TestAProcessThatIsNeverReadyIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	gaveUp := errors.New("gave up")
	ready := func(context.Context, string) error {
		cancel(gaveUp)
		return errors.New("not yet")
	}
	var end func()
	_, err := launch(ctx, t.TempDir(), script(t, "exec sleep 600"), addressOnly, ready, func(f func()) { end = f })
	if !errors.Is(err, gaveUp) || !strings.Contains(err.Error(), "not yet") {
		t.Errorf("error %v, want both what it last said and why nobody waits", err)
	}
	end() // returns, since the process is gone
}
