package scenario

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Find lists the scenarios at the paths: a file or a scenario's directory is
// one; any other directory is walked, in the order of names, for *.txtar and
// for directories with scenario.yaml or timeline.yaml. Under a folder `worlds`
// only what has scenario.yaml counts. A path that doesn't exist, or under which
// there is no scenario, is an error.
func Find(paths ...string) ([]string, error) {
	var out []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("looking for scenarios: %w", err)
		}
		if !info.IsDir() || isScenario(path) {
			out = append(out, path)
			continue
		}
		found, err := walk(path)
		if err != nil {
			return nil, fmt.Errorf("looking for scenarios in %s: %w", path, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("looking for scenarios in %s: there is no *.txtar and no directory with scenario.yaml", path)
		}
		out = append(out, found...)
	}
	return out, nil
}

// isScenario tells that a directory is one scenario.
func isScenario(dir string) bool {
	for _, name := range []string{"scenario.yaml", "timeline.yaml"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

func walk(root string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case d.IsDir() && isScenario(path):
			out = append(out, path)
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(path, ".txtar") && (!amongWorlds(root, path) || describesItself(path)):
			out = append(out, path)
		}
		return nil
	})
	return out, err
}

// amongWorlds tells that a file lies in a folder `worlds`, root's own name
// included.
func amongWorlds(root, path string) bool {
	full, err := filepath.Abs(root)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(root, filepath.Dir(path))
	return err == nil && slices.Contains(append(strings.Split(filepath.ToSlash(rel), "/"), filepath.Base(full)), "worlds")
}

// describesItself tells that an archive has a scenario.yaml. One that can't be
// read is listed, so that Load says why.
func describesItself(path string) bool {
	a, err := openPath(path)
	return err != nil || a.member("scenario.yaml") != nil
}
