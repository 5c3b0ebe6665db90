package archtest

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// cloudBuild is as much of Cloud Build's configuration as this project uses; its
// documentation calls the page "Build configuration file schema".
type cloudBuild struct {
	Steps []struct {
		ID         string   `json:"id"`
		Name       string   `json:"name"`
		Entrypoint string   `json:"entrypoint"`
		Args       []string `json:"args"`
		Env        []string `json:"env"`
		Timeout    string   `json:"timeout"`
		WaitFor    []string `json:"waitFor"`
	} `json:"steps"`
	Substitutions map[string]string `json:"substitutions"`
	Options       struct {
		Logging     string   `json:"logging"`
		MachineType string   `json:"machineType"`
		Env         []string `json:"env"`
	} `json:"options"`
	Timeout string `json:"timeout"`
}

func TestCloudBuildRunsTheGateBeforeItBuildsTheImage(t *testing.T) {
	var build cloudBuild
	readYAML(t, "cloudbuild.yaml", &build)
	gate, image := -1, -1
	for i, step := range build.Steps {
		if step.Name == "" {
			t.Errorf("step %d names no image to run in", i)
		}
		if step.WaitFor != nil {
			t.Errorf("step %s doesn't wait for the steps before it", step.ID)
		}
		switch {
		case step.Entrypoint == "bash" && slices.Equal(step.Args, []string{".ci/run"}):
			gate = i
		case slices.Contains(step.Args, "./functions/plumbline"):
			image = i
		}
	}
	if gate < 0 || image < gate {
		t.Errorf("the gate is step %d and the image step %d; the gate comes first", gate, image)
	}
}

func TestTheImageIsStaticAndRunsWithoutRoot(t *testing.T) {
	var ko struct {
		DefaultBaseImage string `json:"defaultBaseImage"`
		Builds           []struct {
			ID      string   `json:"id"`
			Main    string   `json:"main"`
			Env     []string `json:"env"`
			Flags   []string `json:"flags"`
			Ldflags []string `json:"ldflags"`
		} `json:"builds"`
	}
	readYAML(t, ".ko.yaml", &ko)
	if !strings.HasPrefix(ko.DefaultBaseImage, "gcr.io/distroless/static") || !strings.HasSuffix(ko.DefaultBaseImage, ":nonroot") {
		t.Errorf("base image %q, want distroless static without root", ko.DefaultBaseImage)
	}
	if len(ko.Builds) != 1 || ko.Builds[0].Main != "./functions/plumbline" || !slices.Contains(ko.Builds[0].Env, "CGO_ENABLED=0") {
		t.Errorf("builds %+v, want ./functions/plumbline without cgo", ko.Builds)
	}
}

func TestTheLinterKnowsTheSamePurePackages(t *testing.T) {
	var lint struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules struct {
						Pure struct {
							Files []string `json:"files"`
						} `json:"pure"`
					} `json:"rules"`
				} `json:"depguard"`
			} `json:"settings"`
		} `json:"linters"`
	}
	text, err := fs.ReadFile(repository(t), ".golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &lint); err != nil {
		t.Fatalf("reading .golangci.yml: %v", err)
	}
	want := []string{"!$test"}
	for _, p := range pure {
		want = append(want, "**/"+strings.TrimSuffix(p, "/...")+"/**")
	}
	got := slices.Clone(lint.Linters.Settings.Depguard.Rules.Pure.Files)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("depguard's pure packages (-archtest +.golangci.yml):\n%s", diff)
	}
}

func TestTheGateCanBeRun(t *testing.T) {
	info, err := fs.Stat(repository(t), ".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm()&0o111 == 0 {
		t.Errorf(".ci/run has mode %v, want it executable", info.Mode())
	}
}

// readYAML reads a file of the root and refuses fields that the target doesn't
// know.
func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := fs.ReadFile(repository(t), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatalf("reading %s: %v", name, err)
	}
}
