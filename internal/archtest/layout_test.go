package archtest

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPackagesAreNamedAndDocumented(t *testing.T) {
	packages := repositoryPackages(t)
	report(t, badNames(packages))
	report(t, undocumented(packages))
}

func TestTopLevelHoldsOnlyWhatArchitectureNames(t *testing.T) {
	complaints, err := strangers(repository(t))
	if err != nil {
		t.Fatal(err)
	}
	report(t, complaints)
}

// badNames lists packages whose folder or name says nothing.
func badNames(packages map[string]sourcePackage) []string {
	var complaints []string
	for _, p := range ordered(packages) {
		if slices.Contains(refusedNames, path.Base(p.path)) || slices.Contains(refusedNames, p.name) {
			complaints = append(complaints, fmt.Sprintf("%s: a package is named after what it provides, not %q", p.path, p.name))
		}
	}
	return complaints
}

// undocumented lists packages without a package comment in the usual form. A
// folder that holds nothing but tests needs none.
func undocumented(packages map[string]sourcePackage) []string {
	var complaints []string
	for _, p := range ordered(packages) {
		comment, code := "", false
		for _, f := range p.files {
			if f.test {
				continue
			}
			code = true
			if f.syntax.Doc != nil {
				comment = strings.TrimSpace(f.syntax.Doc.Text())
			}
		}
		switch {
		case !code:
		case comment == "":
			complaints = append(complaints, p.path+": no package comment")
		case p.name != "main" && !strings.HasPrefix(comment, "Package "+p.name+" "):
			complaints = append(complaints, fmt.Sprintf("%s: the package comment doesn't begin with %q", p.path, "Package "+p.name))
		case !strings.HasSuffix(comment, "."):
			complaints = append(complaints, p.path+": the package comment doesn't end with a full stop")
		}
	}
	return complaints
}

// strangers lists what lies at the top level and is neither named in the
// architecture nor ignored by Git.
func strangers(tree fs.FS) ([]string, error) {
	ignored, err := ignorePatterns(tree)
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(tree, ".")
	if err != nil {
		return nil, fmt.Errorf("listing the top level: %w", err)
	}
	var complaints []string
	for _, e := range entries {
		if !slices.Contains(topLevel, e.Name()) && !matchesAny(ignored, e.Name()) {
			complaints = append(complaints, e.Name()+": not a name that the top level may hold")
		}
	}
	return complaints, nil
}

// ignorePatterns reads .gitignore, as far as it concerns the top level.
func ignorePatterns(tree fs.FS) ([]string, error) {
	text, err := fs.ReadFile(tree, ".gitignore")
	if err != nil {
		return nil, fmt.Errorf("reading what Git ignores: %w", err)
	}
	var patterns []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, strings.Trim(line, "/"))
		}
	}
	return patterns, nil
}

func TestBadNamesAreFound(t *testing.T) {
	tests := map[string]struct{ file, source, want string }{
		"folder":          {"internal/app/util/a.go", "package strs", "internal/app/util"},
		"package":         {"internal/app/x/a.go", "package helper", "internal/app/x"},
		"noun":            {"internal/store/a.go", "package store", ""},
		"part of a word":  {"internal/utility/a.go", "package utility", ""},
		"a package test":  {"internal/common/a_test.go", "package common_test", "internal/common"},
		"kept in the end": {"functions/manager/a.go", "package main", "functions/manager"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { expect(t, badNames(parse(t, tt.file, tt.source)), tt.want) })
	}
}

func TestUndocumentedPackagesAreFound(t *testing.T) {
	tests := map[string]struct{ file, source, want string }{
		"none":           {"internal/p/a.go", "package p", "no package comment"},
		"apart":          {"internal/p/a.go", "// Package p is.\n\npackage p", "no package comment"},
		"of a function":  {"internal/p/a.go", "package p\n\n// Package p is.\nfunc f() {}", "no package comment"},
		"other name":     {"internal/p/a.go", "// Package q is.\npackage p", "doesn't begin"},
		"no stop":        {"internal/p/a.go", "// Package p is\npackage p", "full stop"},
		"good":           {"internal/p/a.go", "// Package p is.\npackage p", ""},
		"good main":      {"functions/p/a.go", "// Plumbline says why.\npackage main", ""},
		"only tests":     {"internal/p/a_test.go", "package p", ""},
		"only in a test": {"internal/p/a.go", "package p", "no package comment"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { expect(t, undocumented(parse(t, tt.file, tt.source)), tt.want) })
	}
}

func TestStrangersAreFound(t *testing.T) {
	tree := fstest.MapFS{
		".gitignore":     {Data: []byte("# built\n/plumbline\n*.out\n")},
		"go.mod":         {},
		"README.md":      {},
		"plumbline":      {},
		"cpu.out":        {},
		"internal/a.go":  {},
		"pkg/a.go":       {},
		"main.go":        {},
		".editorconfig":  {},
		"docs/README.md": {},
	}
	got, err := strangers(tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pkg", "main.go", ".editorconfig", "docs"} {
		expect(t, got, name+": not a name")
	}
	if len(got) != 4 {
		t.Errorf("complaints %q, want 4", got)
	}
}

func TestReadTreeLeavesOutForeignSources(t *testing.T) {
	packages, err := readTree(fstest.MapFS{
		"internal/a/a.go":                 {Data: []byte("package a")},
		"internal/a/testdata/broken.go":   {Data: []byte("not Go")},
		"internal/kubetest/server/go.mod": {Data: []byte("module other")},
		"internal/kubetest/server/m.go":   {Data: []byte("package main")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) != 1 || packages["internal/a"].name != "a" {
		t.Errorf("read %v, want internal/a alone", packages)
	}
	if _, err := readTree(fstest.MapFS{"internal/a/a.go": {Data: []byte("not Go")}}); err == nil {
		t.Error("a file that doesn't parse passes")
	}
}
