package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// module is the module path of go.mod.
const module = "plumbline"

// A sourcePackage is one folder with Go files.
type sourcePackage struct {
	path  string // below the module: "internal/facts"
	name  string // of its package clause, without _test
	files []sourceFile
}

type sourceFile struct {
	path   string
	test   bool
	syntax *ast.File
}

// imports lists what the package's files import, sorted, each path once; those of
// the module without the module path. With tests it lists what its tests import
// as well.
func (p sourcePackage) imports(tests bool) (own, foreign []string) {
	for _, f := range p.files {
		if f.test && !tests {
			continue
		}
		for _, spec := range f.syntax.Imports {
			target := strings.Trim(spec.Path.Value, "`\"")
			if below, ok := strings.CutPrefix(target, module+"/"); ok {
				own = append(own, below)
			} else {
				foreign = append(foreign, target)
			}
		}
	}
	slices.Sort(own)
	slices.Sort(foreign)
	return slices.Compact(own), slices.Compact(foreign)
}

// readTree parses every Go file below functions and internal, nested modules and
// testdata left out, and in the top level's testdata, and returns the packages by
// path.
func readTree(tree fs.FS) (map[string]sourcePackage, error) {
	packages := map[string]sourcePackage{}
	for _, top := range []string{"functions", "internal", "testdata"} {
		if _, err := fs.Stat(tree, top); err != nil {
			continue
		}
		err := fs.WalkDir(tree, top, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir():
				return skipForeign(tree, name)
			case path.Ext(name) != ".go":
				return nil
			}
			return addFile(tree, name, packages)
		})
		if err != nil {
			return nil, fmt.Errorf("reading the Go files below %s: %w", top, err)
		}
	}
	return packages, nil
}

func skipForeign(tree fs.FS, dir string) error {
	if path.Base(dir) == "testdata" && dir != "testdata" {
		return fs.SkipDir
	}
	if _, err := fs.Stat(tree, path.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func addFile(tree fs.FS, name string, packages map[string]sourcePackage) error {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return err
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p := packages[path.Dir(name)]
	p.path = path.Dir(name)
	p.name = strings.TrimSuffix(syntax.Name.Name, "_test")
	p.files = append(p.files, sourceFile{path: name, test: strings.HasSuffix(name, "_test.go"), syntax: syntax})
	packages[p.path] = p
	return nil
}

// repository is the tree this test was built from: the folder of go.mod.
func repository(t *testing.T) fs.FS {
	t.Helper()
	root := os.DirFS("../..")
	gomod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		t.Fatalf("reading the module's root: %v", err)
	}
	if !strings.HasPrefix(string(gomod), "module "+module+"\n") {
		t.Fatalf("go.mod is not that of module %s:\n%s", module, gomod)
	}
	return root
}

func repositoryPackages(t *testing.T) map[string]sourcePackage {
	t.Helper()
	packages, err := readTree(repository(t))
	if err != nil {
		t.Fatal(err)
	}
	delete(packages, "internal/deps") // keeps versions in go.mod, holds no code
	if len(packages) == 0 {
		t.Fatal("the tree holds no Go package")
	}
	return packages
}

// matches tells whether a path is what the pattern means: "a/b" itself, "a/*" one
// folder below a, "a/..." a and everything below it.
func matches(pattern, name string) bool {
	if tree, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == tree || strings.HasPrefix(name, tree+"/")
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// report fails the test once for every complaint.
func report(t *testing.T, complaints []string) {
	t.Helper()
	for _, c := range complaints {
		t.Error(c)
	}
}
