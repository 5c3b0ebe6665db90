package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"plumbline/internal/app"
	"plumbline/internal/scenario"
	"plumbline/testdata"
)

type replayFlags struct {
	format  string
	latency time.Duration
	lenient bool
}

func replayCommand(stdout, stderr io.Writer) *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay [flags] PATH…",
		Short: "Diagnose scenarios: the real clients against a fake cloud over the wire",
		Long: `Replay runs scenarios (txtar files, or directories with a scenario.yaml; any
other directory is searched for them) and checks what they expect.

Exit status: 0 all ran and every expectation held; 1 one did not (said on
standard error: which and how); 2 usage, or a scenario that can't be read.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{errors.New("replay: name at least one scenario file or directory, such as testdata/scenarios")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return replay(cmd.Context(), f, args, stdout, stderr)
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "text", "text, json, slack or markdown")
	cmd.Flags().DurationVar(&f.latency, "latency", 0, "delay every API answer by this much")
	cmd.Flags().BoolVar(&f.lenient, "lenient", false, "warn of unknown resource fields instead of refusing them")
	return cmd
}

func replay(ctx context.Context, f replayFlags, paths []string, stdout, stderr io.Writer) error {
	write, ok := app.Formats()[f.format]
	if !ok {
		return &usageError{fmt.Errorf("replay: --format %q: want text, json, slack or markdown", f.format)}
	}
	if f.latency < 0 {
		return &usageError{fmt.Errorf("replay: --latency %s: want zero or more", f.latency)}
	}
	cases, unreadable, err := load(paths, f.lenient, stderr)
	if err != nil {
		return &usageError{err}
	}
	replays := runAll(ctx, cases, f.latency)
	if err := write(stdout, replays); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	told := verdict(replays, stderr)
	if unreadable != nil {
		return &usageError{unreadable}
	}
	return told
}

// A readCase is a scenario, or why it can't be read.
type readCase struct {
	path     string
	scenario *scenario.Scenario
	err      error
}

// load reads every scenario before the first one runs; unreadable names every one
// that can't be read, err says that there is nothing to read at all.
func load(paths []string, lenient bool, stderr io.Writer) (cases []readCase, unreadable, err error) {
	found, err := scenario.Find(paths...)
	if err != nil {
		return nil, nil, fmt.Errorf("replay: %w; name a scenario file or a directory that holds some", err)
	}
	if len(found) == 0 {
		return nil, nil, fmt.Errorf("replay: no scenario in %q", paths)
	}
	var errs []error
	for _, path := range found {
		s, warnings, err := scenario.Load(path, scenario.Options{Worlds: testdata.FS, Lenient: lenient})
		for _, w := range warnings {
			_, _ = fmt.Fprintln(stderr, "warning:", w)
		}
		if err == nil {
			err = app.Playable(s)
		}
		if err != nil {
			errs, s = append(errs, err), nil
		}
		cases = append(cases, readCase{path, s, err})
	}
	return cases, errors.Join(errs...), nil
}

// runAll runs the scenarios in parallel and returns them in their order. With a
// latency they run one at a time, so that each measures only itself.
func runAll(ctx context.Context, cases []readCase, latency time.Duration) []app.Replay {
	replays := make([]app.Replay, len(cases))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	if latency > 0 {
		group.SetLimit(1)
	}
	for i, c := range cases {
		if c.scenario == nil {
			replays[i] = app.Unreadable(c.path, c.err)
			continue
		}
		group.Go(func() error {
			r, err := app.Run(ctx, c.scenario, latency)
			if err != nil {
				r.Error = err.Error()
				r.Differences = append(r.Differences, "didn't run: "+err.Error())
			}
			replays[i] = r
			return nil
		})
	}
	_ = group.Wait() // a failure is in its Replay
	return replays
}

// verdict says on standard error what didn't hold.
func verdict(replays []app.Replay, stderr io.Writer) error {
	wrong := 0
	for _, r := range replays {
		if len(r.Differences) == 0 {
			continue
		}
		wrong++
		for _, d := range r.Differences {
			_, _ = fmt.Fprintf(stderr, "%s: %s\n", r.Scenario.Scenario, d)
		}
	}
	if wrong == 0 {
		return nil
	}
	_, _ = fmt.Fprintf(stderr, "%d of %d scenarios differ from what they expect\n", wrong, len(replays))
	return errTold
}
