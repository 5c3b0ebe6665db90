package archtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestImportsGoOneWay(t *testing.T) {
	report(t, wrongImports(rules, repositoryPackages(t)))
}

// wrongImports lists the imports between the module's own packages that the table
// doesn't allow.
func wrongImports(table []rule, packages map[string]sourcePackage) []string {
	var complaints []string
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		row := slices.IndexFunc(table, func(r rule) bool { return matchesAny(r.packages, name) })
		if row < 0 {
			complaints = append(complaints, name+": no row of the import table covers this package")
			continue
		}
		own, _ := packages[name].imports(false)
		withTests, _ := packages[name].imports(true)
		for _, target := range own {
			if !below(name, target) && !matchesAny(table[row].may, target) {
				complaints = append(complaints, fmt.Sprintf("%s imports %s: not in its row of the import table", name, target))
			}
		}
		for _, target := range withTests {
			if target != name && !below(name, target) && matchesAny(table[row].never, target) {
				complaints = append(complaints, fmt.Sprintf("%s imports %s: refused, to its tests too", name, target))
			}
		}
	}
	return complaints
}

func below(parent, name string) bool { return strings.HasPrefix(name, parent+"/") }

func TestWrongImportsAreFound(t *testing.T) {
	tests := map[string]struct {
		file, imports, want string
	}{
		"facts on nothing":               {"internal/facts/a.go", "internal/signal", "internal/facts imports internal/signal"},
		"signal on facts":                {"internal/signal/a.go", "internal/facts", ""},
		"glbc not on cause":              {"internal/glbc/a.go", "internal/cause", "internal/glbc imports internal/cause"},
		"layer on the model":             {"internal/causes/health/a.go", "internal/glbc", ""},
		"layer not on another":           {"internal/causes/health/a.go", "internal/causes/control", "refused"},
		"layer's test not on another":    {"internal/causes/health/a_test.go", "internal/causes/control", "refused"},
		"layer's outer test on itself":   {"internal/causes/health/a_test.go", "internal/causes/health", ""},
		"layer's test on a fake":         {"internal/causes/health/a_test.go", "internal/fakecloud", ""},
		"layer not on the engine":        {"internal/causes/health/a.go", "internal/engine", "not in its row"},
		"the list on its layers":         {"internal/causes/causes.go", "internal/causes/health", ""},
		"engine not on the causes":       {"internal/engine/a.go", "internal/causes", "not in its row"},
		"incident not on service":        {"internal/incident/a.go", "internal/service", "not in its row"},
		"adapter on the meter":           {"internal/collect/gcp/a.go", "internal/meter", ""},
		"meter on nothing":               {"internal/meter/a.go", "internal/facts", "not in its row"},
		"service not on an adapter":      {"internal/service/a.go", "internal/collect", "not in its row"},
		"adapter on its own parts":       {"internal/collect/a.go", "internal/collect/gcp", ""},
		"part on its adapter":            {"internal/chat/slack/a.go", "internal/chat", ""},
		"adapter not on another":         {"internal/collect/gcp/a.go", "internal/store/memory", "not in its row"},
		"adapter's test not on another":  {"internal/collect/gcp/a_test.go", "internal/probe", "refused"},
		"adapter not on the service":     {"internal/store/memory/a.go", "internal/service", "refused"},
		"fake on the format":             {"internal/fakecloud/a.go", "internal/scenario", ""},
		"format not on the fake":         {"internal/scenario/a.go", "internal/fakecloud", "not in its row"},
		"app on all":                     {"internal/app/a.go", "internal/fakecloud", ""},
		"app not on functions":           {"internal/app/a.go", "functions", "refused"},
		"functions on app":               {"functions/plumbline/a.go", "internal/app", ""},
		"functions not on an adapter":    {"functions/plumbline/a.go", "internal/chat/slack", "not in its row"},
		"functions not on the fake":      {"functions/plumbline/a.go", "internal/fakecloud", "not in its row"},
		"a fake's part on the fake":      {"internal/fakecloud/slack/a.go", "internal/fakecloud", ""},
		"functions on the fixtures":      {"functions/plumbline/a.go", "testdata", ""},
		"fixtures on nothing":            {"testdata/a.go", "internal/scenario", "not in its row"},
		"fixtures' test on the format":   {"testdata/a_test.go", "internal/scenario", ""},
		"a package that nobody foresaw":  {"internal/novel/a.go", "internal/facts", "no row"},
		"the server's builder on it":     {"internal/kubetest/build/a.go", "internal/kubetest", ""},
		"a test server on no adapter":    {"internal/kubetest/a.go", "internal/collect/kube", "not in its row"},
		"the generator on the catalogue": {"internal/tools/catalogue/a.go", "internal/causes", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := wrongImports(rules, parse(t, tt.file, fmt.Sprintf("package p\nimport _ %q", module+"/"+tt.imports)))
			expect(t, got, tt.want)
		})
	}
}

func TestTheFirstMatchingRowRules(t *testing.T) {
	table := []rule{
		{packages: []string{"internal/a"}, may: []string{"internal/b"}},
		{packages: []string{"internal/..."}},
	}
	source := "package p\nimport _ \"" + module + "/internal/b\""
	expect(t, wrongImports(table, parse(t, "internal/a/a.go", source)), "")
	expect(t, wrongImports(table, parse(t, "internal/c/c.go", source)), "internal/c imports internal/b")
}

func TestTheTableLeadsFromPureToPureOnly(t *testing.T) {
	for _, r := range rules {
		if !slices.ContainsFunc(r.packages, func(p string) bool { return matchesAny(pure, strings.ReplaceAll(p, "*", "x")) }) {
			continue
		}
		for _, target := range r.may {
			if !matchesAny(pure, target) {
				t.Errorf("%v may import %s, which is not pure", r.packages, target)
			}
		}
	}
}

// parse reads a tree that holds one file.
func parse(t *testing.T, file, source string) map[string]sourcePackage {
	t.Helper()
	packages, err := readTree(fstest.MapFS{file: {Data: []byte(source)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) != 1 {
		t.Fatalf("read %d packages, want 1", len(packages))
	}
	return packages
}

// expect fails unless some complaint contains want; an empty want means that there
// must be none.
func expect(t *testing.T, complaints []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(complaints) > 0:
		t.Errorf("complains without reason: %q", complaints)
	case want != "" && !strings.Contains(strings.Join(complaints, "\n"), want):
		t.Errorf("complaints %q, want one with %q", complaints, want)
	}
}
