package testdata_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"plumbline/internal/scenario"
	"plumbline/testdata"
)

// Every fixture on disk is built in, and loads from there without the disk.
func TestBuiltInScenariosLoad(t *testing.T) {
	n := 0
	for _, folder := range []string{"scenarios", "incidents"} {
		err := fs.WalkDir(os.DirFS("."), folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) != ".txtar" {
				return err
			}
			n++
			s, _, err := scenario.LoadFS(testdata.FS, name, scenario.Options{})
			if err != nil {
				t.Error(err)
			} else if s.Path != name {
				t.Errorf("path is %q, want %q", s.Path, name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n == 0 {
		t.Error("there are no scenarios")
	}
}

// A scenario outside the repository stands on a world that is built in.
func TestWorldsAreBuiltIn(t *testing.T) {
	worlds, err := fs.Glob(testdata.FS, "worlds/*.txtar")
	if err != nil || len(worlds) == 0 {
		t.Fatalf("worlds are %v, error %v", worlds, err)
	}
	t.Chdir(t.TempDir())
	for _, world := range worlds {
		name := strings.TrimSuffix(path.Base(world), ".txtar")
		text := "-- scenario.yaml --\nversion: 1\nworld: " + name + "\nnow: 2026-11-16T09:00:00Z\ntarget: {kind: Certificate, scope: global, name: c}\n"
		if err := os.WriteFile("x.txtar", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, _, err := scenario.Load("x.txtar", scenario.Options{Worlds: testdata.FS})
		if err != nil {
			t.Error(err)
		} else if len(s.World.Clusters) == 0 {
			t.Errorf("world %s has no cluster", name)
		}
	}
}
