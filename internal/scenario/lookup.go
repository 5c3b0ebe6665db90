package scenario

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A shelf is a folder in which worlds/NAME may be.
type shelf struct {
	fsys fs.FS
	// dir is in fsys; shown is how people call it.
	dir, shown string
}

// shelvesAbove are the folders around a scenario of the machine, the closest
// first, then ./testdata. path is a txtar file or a directory.
func shelvesAbove(scenario string, dir bool) ([]shelf, error) {
	full, err := filepath.Abs(scenario)
	if err != nil {
		return nil, fmt.Errorf("looking for worlds around %s: %w", scenario, err)
	}
	working, err := filepath.Abs(".")
	if err != nil {
		return nil, fmt.Errorf("looking for worlds around %s: %w", scenario, err)
	}
	var out []shelf
	if !dir {
		full = filepath.Dir(full)
	}
	for at := full; ; at = filepath.Dir(at) {
		out = append(out, shelf{fsys: os.DirFS(at), dir: ".", shown: shownFrom(working, at)})
		if at == filepath.Dir(at) {
			break
		}
	}
	return append(out, shelf{fsys: os.DirFS(working), dir: ".", shown: ""}), nil
}

// shownFrom is the path as somebody in the working directory would type it.
func shownFrom(working, at string) string {
	if rel, err := filepath.Rel(working, at); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return rel
	}
	return at
}

// shelvesIn are the folders around a scenario inside fsys.
func shelvesIn(fsys fs.FS, scenario string, dir bool) []shelf {
	var out []shelf
	if !dir {
		scenario = path.Dir(scenario)
	}
	for at := scenario; ; at = path.Dir(at) {
		out = append(out, shelf{fsys: fsys, dir: at, shown: at})
		if at == "." {
			return out
		}
	}
}

// openWorld opens the first worlds/NAME{.txtar,/} on the shelves.
func openWorld(shelves []shelf, name string) (*archive, error) {
	for _, s := range shelves {
		for _, folder := range []string{"worlds", "testdata/worlds"} {
			for _, form := range []string{name + ".txtar", name} {
				at := path.Join(s.dir, folder, form)
				if _, err := fs.Stat(s.fsys, at); err != nil {
					continue
				}
				return openIn(s.fsys, at, filepath.Join(s.shown, filepath.FromSlash(folder), form))
			}
		}
	}
	return nil, fmt.Errorf("no world %q: there is no worlds/%s.txtar or worlds/%s/ (or testdata/worlds/…) in the folders around the scenario, none under ./testdata, none built in", name, name, name)
}
