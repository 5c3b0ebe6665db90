//go:build !linux

package kubetest

import "syscall"

// endWithParent has no counterpart here: a test that is killed leaves its processes
// running.
func endWithParent() *syscall.SysProcAttr { return nil }
