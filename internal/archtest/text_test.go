package archtest

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

func TestNoFileNamesAMachineOrARegistry(t *testing.T) {
	complaints, err := foreignPlaces(repository(t))
	if err != nil {
		t.Fatal(err)
	}
	report(t, complaints)
}

// machinePath finds absolute paths below the folders that a machine keeps people's
// work in. The names are put together here so that this file passes its own test.
var machinePath = regexp.MustCompile(`(^|[^A-Za-z0-9_.)}\-])/(` + strings.Join([]string{"wo" + "rk", "fa" + "rm", "ro" + "ot", "tmp/ba" + "sh_jobs"}, "|") + `)/`)

// registryHosts are where packages come from: where a build gets them is a matter
// of the machine, not of the project.
var registryHosts = []string{
	"proxy." + "golang.org", "sum." + "golang.org", "registry." + "npmjs.org", "deb." + "debian.org",
	"pypi" + ".org", "index." + "crates.io", "packages." + "cloud.google.com",
}

// foreignPlaces lists the lines of text files that name a machine's path or a
// package registry's host.
func foreignPlaces(tree fs.FS) ([]string, error) {
	ignored, err := ignorePatterns(tree)
	if err != nil {
		return nil, err
	}
	var complaints []string
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case name == ".git" || matchesAny(ignored, path.Base(name)):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		if utf8.Valid(text) {
			complaints = append(complaints, placesIn(name, string(text))...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the tree's files: %w", err)
	}
	return complaints, nil
}

func placesIn(name, text string) []string {
	var complaints []string
	number := 0
	for line := range strings.Lines(text) {
		number++
		if found := machinePath.FindString(line); found != "" {
			complaints = append(complaints, fmt.Sprintf("%s:%d: names a path of a machine: %q", name, number, found))
		}
		for _, host := range registryHosts {
			if strings.Contains(line, host) {
				complaints = append(complaints, fmt.Sprintf("%s:%d: names a package registry: %s", name, number, host))
			}
		}
	}
	return complaints
}

func TestForeignPlacesAreFound(t *testing.T) {
	home, jobs := "/ro"+"ot/", "/tmp/ba"+"sh_jobs/"
	tests := map[string]struct{ line, want string }{
		"home":              {"cd " + home + "plumbline", "path of a machine"},
		"at the start":      {home + "go", "path of a machine"},
		"jobs":              {"see " + jobs + "1", "path of a machine"},
		"in quotes":         {`"` + "/wo" + `rk/main"`, "path of a machine"},
		"part of a URL":     {"https://example.com/team/net" + "/wo" + "rk/a", ""},
		"part of a project": {"projects/shop-prod/global" + home + "x", ""},
		"a variable's":      {"$(pwd)/wo" + "rk/x ${dir}/wo" + "rk/x", ""},
		"module proxy":      {"GOPROXY=https://proxy." + "golang.org", "package registry"},
		"npm":               {"https://registry." + "npmjs.org/left-pad", "package registry"},
		"Go's own site":     {"https://pkg.go.dev and golang.org/x/tools", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{
				".gitignore":    {Data: []byte("*.out")},
				"testdata/a.md": {Data: []byte("fine\n" + tt.line + "\n")},
				"b.out":         {Data: []byte(tt.line)},
				"c.png":         {Data: append([]byte{0xff, 0xfe}, tt.line...)},
			}
			got, err := foreignPlaces(tree)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, got, tt.want)
			if tt.want != "" {
				expect(t, got, "testdata/a.md:2:")
			}
		})
	}
}
