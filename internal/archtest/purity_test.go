package archtest

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestPurePackagesOnlyCompute(t *testing.T) {
	packages := repositoryPackages(t)
	report(t, impureImports(packages))
	report(t, impureReach(packages))
	report(t, readsClock(packages))
}

func isPure(name string) bool { return matchesAny(pure, name) }

// impureImports lists what pure packages import of the clients, clock and
// environment.
func impureImports(packages map[string]sourcePackage) []string {
	var complaints []string
	for _, p := range ordered(packages) {
		_, foreign := p.imports(false)
		for _, target := range foreign {
			if isPure(p.path) && matchesAny(impure, target) {
				complaints = append(complaints, fmt.Sprintf("%s is pure and imports %s", p.path, target))
			}
		}
	}
	return complaints
}

// impureReach lists the packages of the module that a pure one reaches, over any
// number of steps, and that are not pure themselves.
func impureReach(packages map[string]sourcePackage) []string {
	var complaints []string
	for _, p := range ordered(packages) {
		if !isPure(p.path) {
			continue
		}
		seen := map[string]bool{p.path: true}
		for todo := []string{p.path}; len(todo) > 0; todo = todo[1:] {
			own, _ := packages[todo[0]].imports(false)
			for _, target := range own {
				if seen[target] {
					continue
				}
				seen[target] = true
				todo = append(todo, target)
				if !isPure(target) {
					complaints = append(complaints, fmt.Sprintf("%s is pure and reaches %s through %s", p.path, target, todo[0]))
				}
			}
		}
	}
	return complaints
}

// readsClock lists where pure packages read the clock or wait.
func readsClock(packages map[string]sourcePackage) []string {
	var complaints []string
	for _, p := range ordered(packages) {
		for _, f := range p.files {
			if !isPure(p.path) || f.test {
				continue
			}
			for _, call := range clockCalls(f.syntax) {
				complaints = append(complaints, fmt.Sprintf("%s is pure and uses %s", f.path, call))
			}
		}
	}
	return complaints
}

func clockCalls(file *ast.File) []string {
	name := ""
	for _, spec := range file.Imports {
		if spec.Path.Value != `"time"` {
			continue
		}
		name = "time"
		if spec.Name != nil {
			name = spec.Name.Name
		}
	}
	switch name {
	case "":
		return nil
	case ".":
		return []string{"package time without its name"}
	}
	var calls []string
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		of, ok := selector.X.(*ast.Ident)
		if ok && of.Name == name && slices.Contains(clock, selector.Sel.Name) {
			calls = append(calls, "time."+selector.Sel.Name)
		}
		return true
	})
	return calls
}

func ordered(packages map[string]sourcePackage) []sourcePackage {
	var list []sourcePackage
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		list = append(list, packages[name])
	}
	return list
}

func TestImpureImportsAreFound(t *testing.T) {
	for _, target := range []string{
		"context", "os", "os/exec", "net", "net/http", "k8s.io/client-go/dynamic", "google.golang.org/api/option",
		"cloud.google.com/go/compute/apiv1",
	} {
		source := fmt.Sprintf("package p\nimport _ %q", target)
		for _, where := range []string{
			"facts", "signal", "glbc", "knownapp", "cause", "causes", "causes/health", "engine", "incident", "firewall",
		} {
			expect(t, impureImports(parse(t, "internal/"+where+"/a.go", source)), "internal/"+where+" is pure and imports "+target)
		}
		expect(t, impureImports(parse(t, "internal/engine/a_test.go", source)), "")
		expect(t, impureImports(parse(t, "internal/service/a.go", source)), "")
	}
	for _, target := range []string{"time", "net/netip", "net/url", "k8s.io/api/core/v1", "cloud.google.com/go/compute/apiv1/computepb"} {
		expect(t, impureImports(parse(t, "internal/engine/a.go", fmt.Sprintf("package p\nimport _ %q", target))), "")
	}
}

func TestImpureReachIsFoundOverSteps(t *testing.T) {
	chain := func(links ...string) fstest.MapFS {
		tree := fstest.MapFS{}
		for i, name := range links {
			source := "package p\n"
			if i+1 < len(links) {
				source += fmt.Sprintf("import _ %q\n", module+"/"+links[i+1])
			}
			tree[name+"/a.go"] = &fstest.MapFile{Data: []byte(source)}
		}
		return tree
	}
	tests := map[string]struct {
		tree fstest.MapFS
		want string
	}{
		"pure all the way": {chain("internal/engine", "internal/cause", "internal/facts"), ""},
		"impure at the end": {
			chain("internal/engine", "internal/cause", "internal/scenario"),
			"internal/engine is pure and reaches internal/scenario through internal/cause",
		},
		"impure to begin with": {chain("internal/app", "internal/collect"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			packages, err := readTree(tt.tree)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, impureReach(packages), tt.want)
		})
	}
}

func TestClockCallsAreFound(t *testing.T) {
	tests := map[string]struct{ source, want string }{
		"the clock":            {"import \"time\"\nvar _ = time.Now()", "time.Now"},
		"as a value":           {"import \"time\"\nvar now = time.Now", "time.Now"},
		"by another name":      {"import clock \"time\"\nvar _ = clock.Since(clock.Time{})", "time.Since"},
		"without a name":       {"import . \"time\"\nvar _ = Now()", "without its name"},
		"waiting":              {"import \"time\"\nfunc f() { time.Sleep(1) }", "time.Sleep"},
		"a moment as argument": {"import \"time\"\nfunc f(now time.Time) time.Time { return now.Add(time.Hour) }", ""},
		"a field of that name": {"type c struct{ Now int }\nfunc f(time c) int { return time.Now }", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			source := strings.Join([]string{"package p", tt.source}, "\n")
			expect(t, readsClock(parse(t, "internal/incident/a.go", source)), tt.want)
			expect(t, readsClock(parse(t, "internal/incident/a_test.go", source)), "")
			expect(t, readsClock(parse(t, "internal/service/a.go", source)), "")
		})
	}
}
