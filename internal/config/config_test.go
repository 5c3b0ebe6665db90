package config

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWithoutSettingsItRunsLocally(t *testing.T) {
	got, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{Port: 8080, PagesURL: DefaultPagesURL, Deadline: 25 * time.Second, CallTimeout: 8 * time.Second, LogLevel: slog.LevelInfo}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

// The default that the table names is the value that Load takes. SLACK_API_URL's is
// the Slack client's own, so that Config leaves it empty.
func TestDocumentedDefaultsAreTheRealOnes(t *testing.T) {
	want, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range Variables() {
		if v.Default == "" {
			continue
		}
		got, err := Load([]string{v.Name + "=" + v.Default})
		if err != nil {
			t.Errorf("%s: its default %q is a mistake: %v", v.Name, v.Default, err)
		}
		if v.Name == "SLACK_API_URL" {
			got.SlackAPIURL = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s=%s isn't the default (-without +with):\n%s", v.Name, v.Default, diff)
		}
	}
}

func TestEverySettingIsRead(t *testing.T) {
	got, err := Load([]string{
		"PORT=9090", "SLACK_TOKEN=xoxb-1-a", "SLACK_CHANNEL=C0123", "SLACK_API_URL=http://127.0.0.1:9/api", "PAGES_URL=https://wiki.acme.example/causes/",
		"PLUMBLINE_PROBE=true", "PLUMBLINE_DEADLINE=1m", "PLUMBLINE_CALL_TIMEOUT=2s", "PLUMBLINE_LOG_LEVEL=debug",
		"HOME=/nowhere", "no setting", "PORT_OF_SOMEBODY=x",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Port: 9090, SlackToken: "xoxb-1-a", SlackChannel: "C0123", SlackAPIURL: "http://127.0.0.1:9/api/", PagesURL: "https://wiki.acme.example/causes",
		Probe: true, Deadline: time.Minute, CallTimeout: 2 * time.Second, LogLevel: slog.LevelDebug,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

func TestAnEmptySettingIsNone(t *testing.T) {
	environ := make([]string, 0, len(Variables()))
	for _, v := range Variables() {
		environ = append(environ, v.Name+"=")
	}
	got, err := Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Load(nil)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-unset +empty):\n%s", diff)
	}
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct {
		environ, want string
	}{
		{"PORT=http", `PORT="http": want a port number from 1 to 65535`},
		{"PORT=0", `PORT="0": want a port number from 1 to 65535`},
		{"PORT=65536", `PORT="65536": want a port number from 1 to 65535`},
		{"SLACK_TOKEN=xoxb-1-a", "SLACK_CHANNEL: is missing; SLACK_TOKEN needs a channel to post to"},
		{"SLACK_API_URL=slack.com/api", `SLACK_API_URL="slack.com/api": want an absolute http or https URL`},
		{"SLACK_API_URL=ftp://slack.com/api", `SLACK_API_URL="ftp://slack.com/api": want an absolute http or https URL`},
		{"PAGES_URL=/causes", `PAGES_URL="/causes": want an absolute http or https URL`},
		{"PLUMBLINE_PROBE=maybe", `PLUMBLINE_PROBE="maybe": want true or false`},
		{"PLUMBLINE_DEADLINE=25", `PLUMBLINE_DEADLINE="25": want a duration from 1s to 10m, such as 25s`},
		{"PLUMBLINE_DEADLINE=11m", `PLUMBLINE_DEADLINE="11m": want a duration from 1s to 10m, such as 25s`},
		{"PLUMBLINE_CALL_TIMEOUT=-1s", `PLUMBLINE_CALL_TIMEOUT="-1s": want a duration from 1s to 10m, such as 25s`},
		{"PLUMBLINE_LOG_LEVEL=loud", `PLUMBLINE_LOG_LEVEL="loud": want debug, info, warn or error`},
		{"PLUMBLINE_PROB=true", "PLUMBLINE_PROB: is no setting of Plumbline; see `plumbline serve --help`"},
		{"PLUMBLINE_=", "PLUMBLINE_: is no setting of Plumbline; see `plumbline serve --help`"},
	} {
		_, err := Load([]string{tt.environ})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.environ, err, tt.want)
		}
		if _, ok := errors.AsType[*Mistake](err); !ok {
			t.Errorf("%s: the error is no *Mistake", tt.environ)
		}
	}
}

// All mistakes are named at once, those of known settings in the table's order, the
// unknown ones after them by name.
func TestEveryMistakeIsNamedAtOnce(t *testing.T) {
	_, err := Load([]string{
		"PLUMBLINE_ZEAL=1", "PLUMBLINE_PROBE=maybe", "PORT=http", "SLACK_TOKEN=hunter2", "PLUMBLINE_AREA=1",
	})
	if err == nil {
		t.Fatal("no error")
	}
	var names []string
	for line := range strings.Lines(err.Error()) {
		name, _, _ := strings.Cut(line, ":")
		name, _, _ = strings.Cut(name, "=")
		names = append(names, name)
	}
	want := []string{"PORT", "SLACK_TOKEN", "PLUMBLINE_PROBE", "SLACK_CHANNEL", "PLUMBLINE_AREA", "PLUMBLINE_ZEAL"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("named (-want +got):\n%s\n%v", diff, err)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	const secret = "xoxp-17-hunter2"
	for _, environ := range [][]string{
		{"SLACK_TOKEN=" + secret, "SLACK_CHANNEL=alerts"},
		{"SLACK_TOKEN=" + secret, "PORT=http"},
		{"PLUMBLINE_SLACK_TOKEN=" + secret},
	} {
		_, err := Load(environ)
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "SLACK_TOKEN") {
			t.Errorf("%q: got %v, want a mistake that names the variable and not its value", environ[1:], err)
		}
	}
}

func TestTheTableSaysWhatIsWhat(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range Variables() {
		if v.Says == "" || seen[v.Name] || strings.ContainsAny(v.Says+v.Default, "|\n") {
			t.Errorf("%s: said twice, not explained, or no cell of a table: %q", v.Name, v.Says)
		}
		seen[v.Name] = true
	}
}
