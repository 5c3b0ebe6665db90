package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plumbline/functions"
	"plumbline/internal/app"
	"plumbline/internal/telemetry"
	"plumbline/testdata"
)

func demoCommand(stdout, stderr io.Writer) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the two incidents this project began with, on this machine alone",
		Long: `Demo publishes the log entries of two incidents to an in-process Pub/Sub. The
real function handles them with the real clients, which read a fake cloud on
loopback, and posts to a Slack look-alike. The messages are printed as a person
reads them. Nothing leaves this machine, and no account is needed.`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), keep, stdout, stderr) },
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "keep serving and print the address of a page that shows the messages")
	return cmd
}

func demo(ctx context.Context, keep bool, stdout, stderr io.Writer) error {
	_, _ = fmt.Fprintln(stdout, "Plumbline demo: two incidents, a fake cloud, a Slack look-alike, all on this machine.")
	log := telemetry.NewLogger(stderr, slog.LevelWarn)
	d, err := app.NewDemo(ctx, testdata.FS, log)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // the process ends here
	(&functions.Diagnoser{Service: d, Deadline: time.Minute, Log: log}).Register()
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- listen(ctx, "127.0.0.1", port) }()
	if err := answering(ctx, port, failed); err != nil {
		return err
	}
	if err := d.Play(ctx, "http://"+net.JoinHostPort("127.0.0.1", strconv.Itoa(port))+"/", stdout); err != nil {
		return err
	}
	if err := show(d, stdout); err != nil {
		return err
	}
	if !keep {
		_, _ = fmt.Fprintln(stdout, "That was it. `demo --keep` keeps the messages on a page; `replay testdata/scenarios` runs every scenario.")
		return nil
	}
	_, _ = fmt.Fprintf(stdout, "The messages are at %s until you press Ctrl-C.\n", d.PageURL())
	<-ctx.Done()
	return nil
}

func show(d *app.Demo, stdout io.Writer) error {
	messages, err := d.Messages()
	if err != nil {
		return err
	}
	for _, m := range messages {
		_, _ = fmt.Fprintf(stdout, "\n%s\n%s\n", strings.Repeat("─", 80), m)
	}
	_, _ = fmt.Fprintf(stdout, "\n%s\n", strings.Repeat("─", 80))
	return nil
}

// freePort finds a loopback port; the framework wants a number.
func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	defer l.Close() //nolint:errcheck // only the number was wanted
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("finding a free port: no TCP address")
	}
	return addr.Port, nil
}

// answering waits until the function's server accepts connections.
func answering(ctx context.Context, port int, failed <-chan error) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return conn.Close()
		}
		select {
		case err := <-failed:
			return fmt.Errorf("starting the function: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
