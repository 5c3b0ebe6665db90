package signal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

// FuzzParse holds three laws for every input: no panic, and no error but those of
// the contract; every name in a Target stands in the entry; and the order of
// keys and unknown fields change nothing.
func FuzzParse(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed, uint64(1))
	}
	f.Fuzz(checkLaws)
}

// TestEveryValueReplaced holds the same laws for every example with each of its
// values in turn taken away or of another type: what a fuzzer seldom hits.
func TestEveryValueReplaced(t *testing.T) {
	t.Parallel()
	for _, raw := range lines(t, "testdata/entries.txtar") {
		var root map[string]any
		if err := json.Unmarshal(raw, &root); err != nil {
			t.Fatal(err)
		}
		for _, path := range paths(root, "") {
			for _, value := range []string{"", "null", `7`, `""`, `"x"`, `true`, `[]`, `{}`, `"projects/p/locations/l/clusters/c"`} {
				checkLaws(t, apply(t, raw, []edit{{path, value}}), 1)
			}
		}
	}
}

// paths are those of all values inside of objects, as edits write them.
func paths(root map[string]any, prefix string) (all []string) {
	for key, value := range root {
		path := prefix + strings.ReplaceAll(key, "/", "~")
		all = append(all, path)
		if object, ok := value.(map[string]any); ok {
			all = append(all, paths(object, path+"/")...)
		}
	}
	return all
}

func checkLaws(t *testing.T, raw []byte, order uint64) {
	t.Helper()
	s, err := signal.Parse(raw)
	h, errHistory := signal.ParseHistory(raw)
	for _, err := range []error{err, errHistory} {
		if got := outcome(err); got != trigger && got != ignored && got != unparsable {
			t.Fatal(got)
		}
	}
	if errHistory != nil {
		if err == nil {
			t.Fatalf("a trigger that is no history: %v", errHistory)
		}
		return
	}
	if err == nil && s.Target != h.Target {
		t.Fatalf("Parse says %+v, ParseHistory %+v", s.Target, h.Target)
	}
	if h.ID == "" || h.Target.Kind == "" {
		t.Fatalf("without identity: %+v", h)
	}
	checkNames(t, raw, h.Target)
	checkOrder(t, raw, order, h)
}

// checkNames holds each name of the target against the texts of the entry.
func checkNames(t *testing.T, raw []byte, target facts.Ref) {
	t.Helper()
	var root any
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	all := texts(root)
	project, location, cluster := facts.ClusterParts(target.Cluster)
	names := []string{project, location, cluster, target.Project, target.Namespace, target.Name, target.ID}
	if _, place, ok := strings.Cut(target.Scope, "/"); ok {
		names = append(names, place)
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(text string) bool { return strings.Contains(text, name) }) {
			t.Fatalf("%+v: the entry nowhere says %q", target, name)
		}
	}
	if target.ProjectOf() == "" {
		t.Fatalf("%+v is of no project", target)
	}
}

// texts are all strings of a JSON value, without keys.
func texts(value any) (all []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			all = append(all, texts(e)...)
		}
	case map[string]any:
		for _, e := range v {
			all = append(all, texts(e)...)
		}
	}
	return all
}

// checkOrder parses the entry again with its keys in another order and a field
// that nobody knows in every object.
func checkOrder(t *testing.T, raw []byte, order uint64, want signal.Signal) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	shuffle(&out, root, rand.New(rand.NewPCG(order, 0)))
	if out.Len() > 1<<20 {
		return
	}
	got, err := signal.ParseHistory(out.Bytes())
	if err != nil {
		t.Fatalf("in another order: %v\n%s", err, out.Bytes())
	}
	if got.Target != want.Target || got.ID != want.ID || got.Kind != want.Kind || !got.At.Equal(want.At) {
		t.Fatalf("in another order %+v, before %+v", got, want)
	}
}

func shuffle(out *bytes.Buffer, value any, r *rand.Rand) {
	switch v := value.(type) {
	case []any:
		out.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			shuffle(out, e, r)
		}
		out.WriteByte(']')
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		out.WriteString(`{"nobodyKnows": "projects/other/locations/x/clusters/y"`)
		for _, k := range keys {
			out.WriteString(", ")
			shuffle(out, k, r)
			out.WriteString(" :\n")
			shuffle(out, v[k], r)
		}
		out.WriteByte('}')
	default:
		b, _ := json.Marshal(v)
		out.Write(b)
	}
}

// seeds are the examples and every log entry of the scenarios.
func seeds(tb testing.TB) (all [][]byte) {
	tb.Helper()
	for _, raw := range []string{`{}`, `null`, `[`, `{"insertId":"a","logName":"projects/p/logs/events","resource":{"type":"k8s_pod","labels":{}}}`} {
		all = append(all, []byte(raw))
	}
	all = append(all, lines(tb, "testdata/entries.txtar")...)
	for _, root := range []string{"../../testdata/scenarios", "../../testdata/incidents"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				all = append(all, lines(tb, path)...)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			tb.Fatal(err)
		}
	}
	return all
}

// lines are the entries in a file: of a .jsonl, or of those in a .txtar.
func lines(tb testing.TB, path string) (all [][]byte) {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	files := []txtar.File{{Name: path, Data: data}}
	if filepath.Ext(path) == ".txtar" {
		files = txtar.Parse(data).Files
	}
	for _, f := range files {
		if ext := filepath.Ext(f.Name); ext != ".jsonl" && !strings.HasPrefix(path, "testdata/") {
			continue
		}
		for line := range bytes.Lines(f.Data) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				all = append(all, line)
			}
		}
	}
	return all
}
