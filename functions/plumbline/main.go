// Command plumbline is the one binary: it serves the functions, shows a demo,
// replays scenarios. Exit status: 0 when all went well, 1 when an expectation did
// not hold or something broke, 2 for usage and for input that can't be read.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(realMain())
}

func realMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Environ())
}
