package kubetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

func TestTheCacheKeyFollowsWhatIsBuilt(t *testing.T) {
	module := func(gomod, gosum string) fstest.MapFS {
		return fstest.MapFS{"go.mod": {Data: []byte(gomod)}, "go.sum": {Data: []byte(gosum)}, "README.md": {Data: []byte(gomod)}}
	}
	base := module("require k8s.io/kubernetes v1.35.4\n", "k8s.io/kubernetes v1.35.4 h1:a\n")
	key, err := cacheKey(base)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		module fstest.MapFS
		same   bool
	}{
		"the same":            {module("require k8s.io/kubernetes v1.35.4\n", "k8s.io/kubernetes v1.35.4 h1:a\n"), true},
		"another version":     {module("require k8s.io/kubernetes v1.35.5\n", "k8s.io/kubernetes v1.35.4 h1:a\n"), false},
		"another checksum":    {module("require k8s.io/kubernetes v1.35.4\n", "k8s.io/kubernetes v1.35.4 h1:b\n"), false},
		"a line moved across": {module("", "require k8s.io/kubernetes v1.35.4\nk8s.io/kubernetes v1.35.4 h1:a\n"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := cacheKey(tt.module)
			if err != nil {
				t.Fatal(err)
			}
			if (got == key) != tt.same {
				t.Errorf("key %s, the base's is %s", got, key)
			}
		})
	}
	if _, err := cacheKey(fstest.MapFS{"go.mod": {}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without go.sum: %v, want that it doesn't exist", err)
	}
}

func TestWhatIsNotBuiltIsNotFound(t *testing.T) {
	dir := t.TempDir()
	if b, err := find(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("found %v, %v in an empty folder", b, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "etcd"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if b, err := find(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("found %v, %v without the API server", b, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kube-apiserver"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if b, err := find(dir); err != nil || b != binariesIn(dir) {
		t.Errorf("found %v, %v, want both", b, err)
	}
}
