package scenario

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"plumbline/internal/facts"
)

// head is a scenario.yaml of four lines, so that the next file's first line is 6.
const head = `-- scenario.yaml --
version: 1
now: 2026-11-16T09:00:00Z
target: {cluster: projects/shop-prod/locations/europe-west1/clusters/main, kind: Ingress, namespace: shop, name: web}
`

const trigger = `-- trigger.jsonl --
{"insertId":"a","timestamp":"2026-11-16T09:00:00Z","logName":"projects/shop-prod/logs/x","textPayload":"t"}
`

// write makes x.txtar (or another name) in a working directory of its own.
func write(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func loaded(t *testing.T, archive string) *Scenario {
	t.Helper()
	write(t, map[string]string{"x.txtar": archive})
	s, warnings, err := Load("x.txtar", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Errorf("warning: %v", w)
	}
	return s
}

// refused loads what must not load, and compares the whole text of the error.
func refused(t *testing.T, archive, want string) {
	t.Helper()
	write(t, map[string]string{"x.txtar": archive})
	_, _, err := Load("x.txtar", Options{})
	if err == nil {
		t.Fatalf("loaded; want error %s", want)
	}
	if err.Error() != want {
		t.Errorf("error\n got %s\nwant %s", err, want)
	}
}

func TestLoadReadsEveryKeyOfTheHeader(t *testing.T) {
	s := loaded(t, `A comment of
two lines.
-- scenario.yaml --
version: 1
title: The add-on is off
source: https://example.org/thread/1
now: 2026-11-16T09:00:00Z
project: shop-prod
deny: [compute.firewalls.list]
fail: {compute.healthChecks.list: 503}
unavailable: [kubernetes/main]
probe: false
expect:
  verdict: root-cause
  rootCauses: []
  confidence: proven
  subject: Cluster/main
  changedBy: dana@acme.example
  not: [network/firewall-rule-denies]
  gaps: [compute.firewalls.list]
expectAfter: {verdict: healthy}
`+trigger+`
-- container/projects/shop-prod/locations/europe-west1/clusters/main.json --
{}
-- after/dns.yaml --
shop.acme.example: {A: [203.0.113.9]}
-- want.txt --
as said
-- want.slack.json --
{"text": "as said"}
`)
	want := Scenario{
		Path: "x.txtar", Title: "The add-on is off", Source: "https://example.org/thread/1",
		Now: time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC), Project: "shop-prod",
		Expect: &Expect{
			Verdict: "root-cause", RootCauses: &[]string{}, Confidence: "proven", Subject: "Cluster/main",
			ChangedBy: "dana@acme.example", Not: []string{"network/firewall-rule-denies"}, Gaps: []string{"compute.firewalls.list"},
		},
		ExpectAfter: &Expect{Verdict: "healthy"},
		WantText:    []byte("as said\n"), WantSlack: []byte("{\"text\": \"as said\"}\n"),
	}
	got := *s
	got.World, got.After, got.Trigger, got.AfterTrigger = nil, nil, nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, w := range map[string]*World{"world": s.World, "after": s.After} {
		behaviour := []any{w.Deny, w.Fail, w.Unavailable}
		if diff := cmp.Diff([]any{[]string{"compute.firewalls.list"}, map[string]int{"compute.healthChecks.list": 503}, []string{"kubernetes/main"}}, behaviour); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if diff := cmp.Diff(map[string]DNSRecord{"shop.acme.example": {A: []string{"203.0.113.9"}}}, s.After.DNS); diff != "" || s.World.DNS != nil {
		t.Errorf("dns of the world %v, of after %s", s.World.DNS, diff)
	}
}

func TestProbeIsAllowedByDefault(t *testing.T) {
	if s := loaded(t, head); !s.Probe {
		t.Error("Probe is false")
	}
}

func TestTargets(t *testing.T) {
	const at = "projects/shop-prod/locations/europe-west1/clusters/main"
	for name, c := range map[string]struct {
		target string
		want   facts.Ref
	}{
		"an Ingress":             {"{cluster: " + at + ", kind: Ingress, namespace: shop, name: web}", facts.Ref{Cluster: at, Kind: "Ingress", Namespace: "shop", Name: "web"}},
		"a cluster":              {"{cluster: " + at + ", kind: Cluster}", facts.Ref{Cluster: at, Kind: "Cluster", Name: "main"}},
		"a cluster by name":      {"{cluster: " + at + ", kind: Cluster, name: main}", facts.Ref{Cluster: at, Kind: "Cluster", Name: "main"}},
		"outside, project given": {"{project: edge, scope: regions/r1, kind: BackendService, name: b}", facts.Ref{Project: "edge", Scope: "regions/r1", Kind: "BackendService", Name: "b"}},
		"outside, default":       {"{scope: global, kind: Certificate, name: c}", facts.Ref{Project: "shop-prod", Scope: "global", Kind: "Certificate", Name: "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := loaded(t, "-- scenario.yaml --\nversion: 1\nnow: 2026-11-16T09:00:00Z\nproject: shop-prod\ntarget: "+c.target+"\n")
			if diff := cmp.Diff(&c.want, s.Target); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestProjectComesFromTheTargetOrTheOnlyOne(t *testing.T) {
	if s := loaded(t, head); s.Project != "shop-prod" || s.World.Project != "shop-prod" {
		t.Errorf("from the target: %q, world %q", s.Project, s.World.Project)
	}
	s := loaded(t, "-- scenario.yaml --\nversion: 1\nnow: 2026-11-16T09:00:00Z\n"+trigger+"-- compute/projects/edge/global/networks/n.json --\n{}\n")
	if s.Project != "edge" {
		t.Errorf("from the world: %q", s.Project)
	}
}

func TestTheSameScenarioAsDirectory(t *testing.T) {
	archive := head + `-- compute/projects/shop-prod/global/healthChecks/h.json --
{"httpHealthCheck": {"port": 8080}}
-- kubernetes/main/pods.yaml --
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
-- container/projects/shop-prod/locations/europe-west1/clusters/main.json --
{}
-- logging/a.jsonl --
{"insertId":"b","textPayload":"old"}
-- responses.yaml --
- {pod: shop/*, port: 80, status: 200}
`
	files := map[string]string{"x.txtar": archive}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		files["x/"+f.Name] = string(f.Data)
	}
	write(t, files)
	one, _, err := Load("x.txtar", Options{})
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := Load("x", Options{})
	if err != nil {
		t.Fatal(err)
	}
	embedded, _, err := LoadFS(os.DirFS("."), "x", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(one.World.Compute) != 1 || len(one.World.Clusters) != 1 || len(one.World.Logs) != 1 || len(one.World.Responses) != 1 {
		t.Fatalf("the world is incomplete: %+v", one.World)
	}
	one.Path, other.Path, embedded.Path = "", "", ""
	if diff := cmp.Diff(one, other); diff != "" {
		t.Errorf("directory: %s", diff)
	}
	if diff := cmp.Diff(one, embedded); diff != "" {
		t.Errorf("fs.FS: %s", diff)
	}
}

func TestErrorsInADirectoryNameFileAndLine(t *testing.T) {
	write(t, map[string]string{
		"x/scenario.yaml": strings.TrimPrefix(head, "-- scenario.yaml --\n"),
		"x/compute/projects/shop-prod/global/healthChecks/h.json": "{\n  \"httpHealthCheck\": {\n    \"requestPth\": \"/\"\n  }\n}\n",
	})
	_, _, err := Load("x", Options{})
	want := `x/compute/projects/shop-prod/global/healthChecks/h.json:3: unknown field "requestPth" (httpHealthCheck.requestPth isn't in compute HealthCheck)`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%T isn't an *Error", err)
	}
	if diff := cmp.Diff(Error{Place: Place{File: "x", Member: "compute/projects/shop-prod/global/healthChecks/h.json", Line: 3}, Key: "httpHealthCheck.requestPth", Text: e.Text}, *e); diff != "" {
		t.Error(diff)
	}
}

func TestEverythingWrongIsNamedAtOnce(t *testing.T) {
	refused(t, head+`-- compute/projects/p/global/healthChecks/h.json --
{"requestPth": 1}
-- notes.md --
x
-- logging/a.jsonl --
{
`, `x.txtar:7: notes.md: unknown file: the format has no such name
x.txtar:10: logging/a.jsonl: not JSON: unexpected end of JSON input
x.txtar:6: compute/projects/p/global/healthChecks/h.json: unknown field "requestPth" (requestPth isn't in compute HealthCheck)`)
}

func TestWorldIsFoundAroundTheScenario(t *testing.T) {
	world := func(n string) string { return "-- compute/projects/shop-prod/global/networks/" + n + ".json --\n{}\n" }
	scenario := strings.Replace(head, "version: 1", "version: 1\nworld: base", 1)
	builtIn := fstest.MapFS{"worlds/base/compute/projects/shop-prod/global/networks/built-in.json": {Data: []byte("{}")}}
	for name, c := range map[string]struct {
		worlds map[string]string
		want   string
	}{
		"beside an ancestor":    {map[string]string{"t/worlds/base.txtar": world("beside")}, "beside"},
		"a directory":           {map[string]string{"t/worlds/base/compute/projects/shop-prod/global/networks/dir.json": "{}"}, "dir"},
		"in testdata":           {map[string]string{"testdata/worlds/base.txtar": world("testdata")}, "testdata"},
		"the closest":           {map[string]string{"t/worlds/base.txtar": world("near"), "worlds/base.txtar": world("far")}, "near"},
		"built in, none around": {nil, "built-in"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"t/scenarios/layer/x.txtar": scenario}
			maps.Copy(files, c.worlds)
			write(t, files)
			s, _, err := Load("t/scenarios/layer/x.txtar", Options{Worlds: builtIn})
			if err != nil {
				t.Fatal(err)
			}
			if got := sortedKeys(s.World.Compute); !cmp.Equal(got, []string{"projects/shop-prod/global/networks/" + c.want}) {
				t.Errorf("the world holds %v", got)
			}
		})
	}
}

func TestWorldUnderTheWorkingDirectory(t *testing.T) {
	write(t, map[string]string{"testdata/worlds/base.txtar": "-- dns.yaml --\na.example: {NXDOMAIN: true}\n"})
	elsewhere := filepath.Join(t.TempDir(), "x.txtar")
	if err := os.WriteFile(elsewhere, []byte(strings.Replace(head, "version: 1", "version: 1\nworld: base", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _, err := Load(elsewhere, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !s.World.DNS["a.example"].NXDOMAIN {
		t.Errorf("dns is %v", s.World.DNS)
	}
}
