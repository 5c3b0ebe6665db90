package kubetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Binaries are the paths of what a Server consists of.
type Binaries struct{ Etcd, APIServer string }

// sources are the packages that the binaries are built from; the module in server/
// pins their versions.
const (
	etcdSource      = "go.etcd.io/etcd/server/v3"
	apiServerSource = "k8s.io/kubernetes/cmd/kube-apiserver"
	kubernetes      = "k8s.io/kubernetes"
	// versionFlag is followed by the version; a release's build says it so, and
	// without it the API server claims to be v0.0.0.
	versionFlag = "-X k8s.io/component-base/version.gitVersion="
	linkFlags   = "-s -w"
)

// Find looks for the binaries where Build puts them. An error that is
// fs.ErrNotExist says that they were never built from the present go.mod and go.sum
// by the present Go.
func Find(ctx context.Context) (Binaries, error) {
	_, dir, err := places(ctx)
	if err != nil {
		return Binaries{}, err
	}
	return find(dir)
}

func find(dir string) (Binaries, error) {
	b := binariesIn(dir)
	for _, path := range []string{b.Etcd, b.APIServer} {
		if _, err := os.Stat(path); err != nil {
			return Binaries{}, fmt.Errorf("%s isn't built (%w): .ci/run apiserver does it, in some minutes", filepath.Base(path), err)
		}
	}
	return b, nil
}

// Build builds what Find doesn't find: from nothing that is some ten minutes of one
// processor. What Go says while it builds goes to log.
func Build(ctx context.Context, log io.Writer) (Binaries, error) {
	module, dir, err := places(ctx)
	if err != nil {
		return Binaries{}, err
	}
	b, err := find(dir)
	if err == nil {
		return b, nil
	}
	if err = os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return Binaries{}, fmt.Errorf("making the cache of binaries: %w", err)
	}
	// Whoever builds the same meanwhile must never see half of it.
	unfinished, err := os.MkdirTemp(filepath.Dir(dir), "unfinished-")
	if err != nil {
		return Binaries{}, fmt.Errorf("making the cache of binaries: %w", err)
	}
	defer os.RemoveAll(unfinished) //nolint:errcheck // empty, or of no use
	version, err := goOutput(ctx, module, "list", "-m", "-f", "{{.Version}}", kubernetes)
	if err != nil {
		return Binaries{}, err
	}
	b = binariesIn(unfinished)
	for _, one := range []struct{ path, source, flags string }{
		{b.Etcd, etcdSource, linkFlags},
		{b.APIServer, apiServerSource, linkFlags + " " + versionFlag + version},
	} {
		cmd := goCommand(ctx, module, "build", "-p", "2", "-o", one.path, "-ldflags", one.flags, one.source)
		cmd.Stdout, cmd.Stderr = log, log
		if err = cmd.Run(); err != nil {
			return Binaries{}, fmt.Errorf("building %s in %s: %w (what go.sum lacks, go mod tidy adds)", one.source, module, err)
		}
	}
	if err = os.Rename(unfinished, dir); err != nil {
		if there, found := find(dir); found == nil { // somebody was faster
			return there, nil
		}
		return Binaries{}, fmt.Errorf("keeping the binaries: %w", err)
	}
	return find(dir)
}

func binariesIn(dir string) Binaries {
	return Binaries{Etcd: filepath.Join(dir, "etcd"), APIServer: filepath.Join(dir, "kube-apiserver")}
}

// places are the folder of the nested module, and the folder for the binaries that
// this Go builds from it: in the user's cache, named by all that they depend on, so
// that another version is another folder. It may be deleted at any time.
func places(ctx context.Context) (module, dir string, err error) {
	gomod, err := goOutput(ctx, "", "env", "GOMOD")
	if err != nil {
		return "", "", err
	}
	module = filepath.Join(filepath.Dir(gomod), "internal", "kubetest", "server")
	key, err := cacheKey(os.DirFS(module))
	if err != nil {
		return "", "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", "", fmt.Errorf("looking for the cache of binaries: %w", err)
	}
	return module, filepath.Join(cache, "plumbline", "kubetest", key), nil
}

func cacheKey(module fs.FS) (string, error) {
	hash := sha256.New()
	how := []string{runtime.Version(), runtime.GOOS, runtime.GOARCH, etcdSource, apiServerSource, linkFlags, versionFlag}
	hash.Write([]byte(strings.Join(how, " ")))
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := fs.ReadFile(module, name)
		if err != nil {
			return "", fmt.Errorf("reading the module of the API server: %w", err)
		}
		hash.Write([]byte("\n" + name + " " + strconv.Itoa(len(content)) + "\n"))
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

func goCommand(ctx context.Context, dir string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", arguments...) //nolint:gosec // arguments of this package
	cmd.Dir = dir
	// The binaries need no C, and no workspace around the module may change them.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	return cmd
}

func goOutput(ctx context.Context, dir string, arguments ...string) (string, error) {
	cmd := goCommand(ctx, dir, arguments...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", strings.Join(arguments, " "), err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(output)), nil
}
