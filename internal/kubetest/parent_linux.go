package kubetest

import "syscall"

// endWithParent makes the kernel end a process when the test's process is killed
// before it can.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
