package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"plumbline/internal/config"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/incident"
	"plumbline/internal/report"
	"plumbline/internal/signal"
)

// OpenManual makes the App of a manual run, which posts nothing: against Google's
// cloud, or against the fake one at this address when it isn't empty. That one tells
// what time it is, too.
func OpenManual(ctx context.Context, cfg config.Config, fake string, log *slog.Logger) (*App, error) {
	o := Options{Probe: cfg.Probe, CallTimeout: cfg.CallTimeout, Notify: silent{}, Now: time.Now, Log: log}
	if fake == "" {
		return New(ctx, Google(), o)
	}
	address, err := fakecloud.Fetch(ctx, fake)
	if err != nil {
		return nil, fmt.Errorf("finding the fake cloud: %w", err)
	}
	cloud, err := Remote(address)
	if err != nil {
		return nil, err
	}
	o.Now = func() time.Time { return address.Now }
	return New(ctx, cloud, o)
}

// A Manual is the outcome of a manual run.
type Manual struct {
	Reports   []report.Report    `json:"reports"`
	Timing    report.Timing      `json:"timing"`
	Notices   []incident.Notice  `json:"-"`
	Diagnoses []engine.Diagnosis `json:"-"`
}

// Wrong reports that something was found.
func (m Manual) Wrong() bool {
	return slices.ContainsFunc(m.Diagnoses, func(d engine.Diagnosis) bool {
		return d.Verdict == engine.RootCause || d.Verdict == engine.Unexplained
	})
}

// DiagnoseNow reads and judges one target. A *service.CollectError says that nothing
// could be read; what comes with it are the gaps.
func (a *App) DiagnoseNow(ctx context.Context, target facts.Ref) (Manual, error) {
	now := a.Service.Now()
	out, err := a.measure(ctx, []signal.Signal{{Kind: signal.Manual, At: now, Target: target}})
	m := Manual{Reports: reportsOf(out.diagnoses), Timing: out.timing, Diagnoses: out.diagnoses}
	for _, d := range out.diagnoses {
		m.Notices = append(m.Notices, incident.Notices(d, now)...)
	}
	return m, err
}

// DiagnosisFormats are the forms of `diagnose --format`.
func DiagnosisFormats() map[string]func(w io.Writer, m Manual) error {
	return map[string]func(w io.Writer, m Manual) error{
		"json": func(w io.Writer, m Manual) error { return encode(w, m) },
		"text": func(w io.Writer, m Manual) error {
			_, err := io.WriteString(w, Text(Replay{Notices: m.Notices, Diagnoses: m.Diagnoses}))
			return err
		},
		"markdown": func(w io.Writer, m Manual) error {
			for _, r := range m.Reports {
				if _, err := io.WriteString(w, r.Markdown()); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
