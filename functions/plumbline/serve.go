package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/spf13/cobra"

	"plumbline/functions"
	"plumbline/internal/app"
	"plumbline/internal/config"
	"plumbline/internal/scenario"
	"plumbline/internal/telemetry"
	"plumbline/testdata"
)

type serveFlags struct {
	host        string
	cloud       string
	checkConfig bool
}

func serveCommand(stdout, stderr io.Writer, environ []string) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the function that Pub/Sub pushes log entries to",
		Long: `Serve takes what Pub/Sub pushes (plain or as CloudEvents) at / and posts what
it finds to Slack, or prints it when no SLACK_TOKEN is set. It is configured by
the environment:

` + settings() + `
With --cloud it reads a fake cloud that serves a scenario, instead of Google's;
the scenario then says whether pods may be asked.`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(environ)
			if err != nil {
				return &usageError{fmt.Errorf("the configuration has mistakes:\n%w", err)}
			}
			if f.checkConfig {
				_, err := fmt.Fprintln(stdout, "the configuration is complete")
				return err
			}
			return serve(cmd.Context(), cfg, f, stdout, stderr)
		},
	}
	cmd.Flags().StringVar(&f.host, "host", "", "the address to listen on; all when empty")
	cmd.Flags().StringVar(&f.cloud, "cloud", "", "a scenario whose world is served as the cloud")
	cmd.Flags().BoolVar(&f.checkConfig, "check-config", false, "check the configuration and exit")
	return cmd
}

func settings() (text string) {
	for _, v := range config.Variables() {
		text += fmt.Sprintf("  %-24s %s", v.Name, v.Says)
		if v.Default != "" {
			text += " (default " + v.Default + ")"
		}
		text += "\n"
	}
	return text
}

func serve(ctx context.Context, cfg config.Config, f serveFlags, stdout, stderr io.Writer) error {
	log := telemetry.NewLogger(stderr, cfg.LogLevel)
	var world *scenario.Scenario
	if f.cloud != "" {
		var err error
		if world, _, err = scenario.Load(f.cloud, scenario.Options{Worlds: testdata.FS}); err != nil {
			return &usageError{err}
		}
	}
	a, err := app.Open(ctx, cfg, world, stdout, log)
	if err != nil {
		return err
	}
	defer a.Close() //nolint:errcheck // the process ends here
	(&functions.Diagnoser{Service: a.Service, Deadline: cfg.Deadline, Log: log}).Register()
	log.InfoContext(ctx, "starting to listen", slog.Int("port", cfg.Port), slog.String("function", functions.Diagnose))
	return listen(ctx, f.host, cfg.Port)
}

// listen serves the registered function at / until the context ends.
func listen(ctx context.Context, host string, port int) error {
	if err := os.Setenv("FUNCTION_TARGET", functions.Diagnose); err != nil {
		return fmt.Errorf("choosing the function: %w", err)
	}
	failed := make(chan error, 1)
	go func() { failed <- funcframework.StartHostPort(host, strconv.Itoa(port)) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving on port %d: %w", port, err)
	case <-ctx.Done():
		return nil
	}
}
