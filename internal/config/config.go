// Package config reads the settings from the environment. Every mistake is named
// at once, with the variable and what to write instead. Without any setting the
// program runs locally: the chat is printed, nothing leaves the machine but reads.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultPagesURL is where the pages of the causes are, when PAGES_URL isn't set.
const DefaultPagesURL = "https://github.com/plumbline-dev/plumbline/blob/main/internal/causes"

// A Config holds all settings.
type Config struct {
	// Port that `serve` listens on (PORT, default 8080).
	Port int
	// SlackToken and SlackChannel: bot token and channel; without a token messages are
	// printed. SlackAPIURL is for a look-alike.
	SlackToken, SlackChannel, SlackAPIURL string
	// PagesURL is the address of the causes' pages (PAGES_URL).
	PagesURL string
	// Probe allows the active probe (PLUMBLINE_PROBE, default off).
	Probe bool
	// Deadline is how long one message may take (PLUMBLINE_DEADLINE, default 25 s).
	Deadline time.Duration
	// CallTimeout is how long one read may take (PLUMBLINE_CALL_TIMEOUT, default 8 s).
	CallTimeout time.Duration
	// LogLevel (PLUMBLINE_LOG_LEVEL: debug, info, warn, error; default info).
	LogLevel slog.Level
}

// A Variable documents one setting; the README's table is made of these.
type Variable struct {
	Name, Default, Says string
	set                 func(c *Config, value string) error
}

// Variables lists every setting.
func Variables() []Variable {
	return []Variable{
		{"PORT", "8080", "the port that `serve` listens on", func(c *Config, v string) (err error) {
			c.Port, err = strconv.Atoi(v)
			if err != nil || c.Port < 1 || c.Port > 65535 {
				return errors.New("want a port number from 1 to 65535")
			}
			return nil
		}},
		{"FUNCTION_TARGET", "Diagnose", "the function to serve; this release has one", func(_ *Config, v string) error {
			if v != "Diagnose" {
				return errors.New("want Diagnose, the only function of this release")
			}
			return nil
		}},
		{"SLACK_TOKEN", "", "bot token (`xoxb-…`); without it messages are printed to standard output", func(c *Config, v string) error {
			c.SlackToken = v
			if !strings.HasPrefix(v, "xoxb-") && !strings.HasPrefix(v, "xoxe.xoxb-") {
				return errors.New("want a bot token that begins with xoxb-")
			}
			return nil
		}},
		{"SLACK_CHANNEL", "", "channel name or ID; required with SLACK_TOKEN", func(c *Config, v string) error {
			c.SlackChannel = v
			return nil
		}},
		{"SLACK_API_URL", "https://slack.com/api/", "the Slack Web API; for a look-alike", func(c *Config, v string) error {
			c.SlackAPIURL = strings.TrimSuffix(v, "/") + "/"
			return absolute(v)
		}},
		{"PAGES_URL", DefaultPagesURL, "where the causes' pages are; headlines link there", func(c *Config, v string) error {
			c.PagesURL = strings.TrimSuffix(v, "/")
			return absolute(v)
		}},
		{"PLUMBLINE_PROBE", "false", "allows the active probe: a GET to a pod through its cluster's API server", func(c *Config, v string) (err error) {
			if c.Probe, err = strconv.ParseBool(v); err != nil {
				return errors.New("want true or false")
			}
			return nil
		}},
		{"PLUMBLINE_DEADLINE", "25s", "how long one message may take before Pub/Sub delivers it again", func(c *Config, v string) error {
			return duration(&c.Deadline, v)
		}},
		{"PLUMBLINE_CALL_TIMEOUT", "8s", "how long one read of an API may take before it is a gap", func(c *Config, v string) error {
			return duration(&c.CallTimeout, v)
		}},
		{"PLUMBLINE_LOG_LEVEL", "info", "debug, info, warn or error", func(c *Config, v string) error {
			if err := c.LogLevel.UnmarshalText([]byte(v)); err != nil {
				return errors.New("want debug, info, warn or error")
			}
			return nil
		}},
	}
}

func absolute(v string) error {
	if u, err := url.Parse(v); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("want an absolute http or https URL")
	}
	return nil
}

func duration(to *time.Duration, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < time.Second || d > 10*time.Minute {
		return errors.New("want a duration from 1s to 10m, such as 25s")
	}
	*to = d
	return nil
}

// A Mistake is one setting that can't be used.
type Mistake struct{ Name, Value, Want string }

func (m *Mistake) Error() string {
	if m.Value == "" {
		return m.Name + ": " + m.Want
	}
	return fmt.Sprintf("%s=%q: %s", m.Name, m.Value, m.Want)
}

// Load reads the settings from environ (KEY=value, as os.Environ gives it). The
// error joins every Mistake.
func Load(environ []string) (Config, error) {
	c := Config{Port: 8080, PagesURL: DefaultPagesURL, Deadline: 25 * time.Second, CallTimeout: 8 * time.Second}
	values := map[string]string{}
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok {
			values[k] = v
		}
	}
	var mistakes []error
	variables := Variables()
	for _, v := range variables {
		if values[v.Name] == "" {
			continue
		}
		if err := v.set(&c, values[v.Name]); err != nil {
			mistakes = append(mistakes, &Mistake{v.Name, shown(v.Name, values[v.Name]), err.Error()})
		}
	}
	if c.SlackToken != "" && c.SlackChannel == "" {
		mistakes = append(mistakes, &Mistake{"SLACK_CHANNEL", "", "is missing; SLACK_TOKEN needs a channel to post to"})
	}
	return c, errors.Join(append(mistakes, unknown(values, variables)...)...)
}

// unknown names settings of ours that don't exist: a typo would otherwise be
// silent.
func unknown(values map[string]string, variables []Variable) []error {
	var errs []error
	for name := range values {
		if strings.HasPrefix(name, "PLUMBLINE_") && !slices.ContainsFunc(variables, func(v Variable) bool { return v.Name == name }) {
			errs = append(errs, &Mistake{name, "", "is no setting of Plumbline; see `plumbline serve --help`"})
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

// shown keeps secrets out of error texts.
func shown(name, value string) string {
	if name == "SLACK_TOKEN" {
		return "…"
	}
	return value
}
