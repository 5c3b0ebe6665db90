// Build builds the etcd and the kube-apiserver that package kubetest starts, unless
// they are in the cache already, and prints where they are.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"plumbline/internal/kubetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	b, err := kubetest.Build(ctx, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
	fmt.Println(b.Etcd)
	fmt.Println(b.APIServer)
}
