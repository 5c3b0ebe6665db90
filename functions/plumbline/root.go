package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The exit statuses.
const (
	exitOK    = 0
	exitFail  = 1
	exitUsage = 2
	// exitFound: the run went well, and something is wrong with what was looked at.
	exitFound = 3
)

// A usageError is the caller's: a wrong flag, input that can't be read.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// A failure was told already; it only sets the exit status.
var errTold = errors.New("told already")

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, environ []string) int {
	root := &cobra.Command{
		Use:           "plumbline",
		Short:         "Finds out why a GKE load balancer does not serve, and says so in Slack",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetArgs(orServe(args, environ))
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	//nolint:contextcheck // cobra hands the context to each command
	root.AddCommand(causesCommand(stdout), demoCommand(stdout, stderr), diagnoseCommand(stdout, stderr, environ), replayCommand(stdout, stderr), serveCommand(stdout, stderr, environ), versionCommand(stdout))
	err := root.ExecuteContext(ctx)
	return exitStatus(err, stderr)
}

// orServe: in a container of Cloud Run there are no arguments, and FUNCTION_TARGET
// says that a function is to be served.
func orServe(args, environ []string) []string {
	if len(args) == 0 && slices.ContainsFunc(environ, func(kv string) bool { return strings.HasPrefix(kv, "FUNCTION_TARGET=") }) {
		return []string{"serve"}
	}
	return args
}

func exitStatus(err error, stderr io.Writer) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errTold):
		return exitFail
	case errors.Is(err, errFindings):
		return exitFound
	case errors.As(err, &usage):
		_, _ = fmt.Fprintf(stderr, "plumbline: %v\n", err)
		return exitUsage
	case isCobraUsage(err):
		_, _ = fmt.Fprintf(stderr, "plumbline: %v\nRun `plumbline --help` for the commands.\n", err)
		return exitUsage
	}
	_, _ = fmt.Fprintf(stderr, "plumbline: %v\n", err)
	return exitFail
}

// isCobraUsage recognises an unknown command, which cobra reports as plain text.
func isCobraUsage(err error) bool {
	const unknown = "unknown command"
	return len(err.Error()) >= len(unknown) && err.Error()[:len(unknown)] == unknown
}

// none refuses arguments.
func none(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}

func versionCommand(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version this binary was built from", Args: none,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(stdout, version())
			return err
		},
	}
}

// version is the module's version, or the commit that the toolchain recorded.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "plumbline (unknown build)"
	}
	text := []string{"plumbline", info.Main.Version, info.GoVersion}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			text = append(text, s.Value)
		}
	}
	return strings.Join(text, " ")
}
