package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
	"plumbline/internal/facts"
	fakeslack "plumbline/internal/fakecloud/slack"
	"plumbline/internal/incident"
)

const cluster = "projects/shop-prod/locations/europe-west1/clusters/prod-eu"

func begin(t *testing.T, c fakeslack.Config) (*fakeslack.Server, *Notifier, *bytes.Buffer) {
	t.Helper()
	s, err := fakeslack.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if stopped := s.Close(); stopped != nil {
			t.Error(stopped)
		}
	})
	var log bytes.Buffer
	n, err := New(Config{Token: s.Token, Channel: fakeslack.DefaultChannel, APIURL: s.APIURL(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return s, n, &log
}

func opened() incident.Notice {
	now := time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC)
	f := cause.Finding{
		Cause: "health/redirect-to-https", Subject: facts.Ref{Cluster: cluster, Kind: "Deployment", Namespace: "argocd", Name: "argocd-server"},
		Confidence: cause.Proven, Severity: cause.Outage, Headline: "Argo CD redirects the health check", Summary: "Google accepts only 200.",
		Evidence: []cause.Evidence{{Source: "probe", Says: "307"}},
		Affected: []facts.Ref{{Cluster: cluster, Kind: "Ingress", Namespace: "argocd", Name: "argocd"}},
		Fix:      cause.Fix{Summary: "serve plain HTTP", Commands: []string{"kubectl patch configmap x"}},
	}
	return incident.Notice{
		Reason: incident.Opened, Finding: &f, At: now,
		Incident:  incident.Incident{Key: "health/redirect-to-https|argocd", Cause: f.Cause, Subject: f.Subject, Affected: f.Affected, Headline: f.Headline, OpenedAt: now, Generation: 2},
		Diagnosis: engine.Diagnosis{At: now, Verdict: engine.RootCause, Roots: []cause.Finding{f}},
	}
}

func resolved(n incident.Notice, p incident.Posted) incident.Notice {
	n.Reason, n.Finding, n.At = incident.Resolved, nil, n.At.Add(18*time.Minute)
	n.Incident.ResolvedAt, n.Incident.Posted = n.At, &p
	return n
}

func TestPostsWithThreadAndMetadata(t *testing.T) {
	t.Parallel()
	s, n, _ := begin(t, fakeslack.Config{})
	posted, err := n.Notify(t.Context(), opened())
	if err != nil {
		t.Fatal(err)
	}
	messages := s.Messages()
	if len(messages) != 1 || len(messages[0].Replies) != 1 {
		t.Fatalf("messages = %+v", messages)
	}
	m := messages[0]
	if posted.Channel != fakeslack.DefaultID || posted.TS != m.TS || posted.Digest == "" {
		t.Errorf("posted = %+v, message is %s in %s", posted, m.TS, m.Channel)
	}
	if want := `{"event_type":"plumbline_incident","event_payload":{"generation":2,"key":"health/redirect-to-https|argocd"}}`; string(m.Metadata) != want {
		t.Errorf("metadata = %s, want %s", m.Metadata, want)
	}
	if want := "argocd/argocd down: Argo CD redirects the health check"; m.Text != want {
		t.Errorf("fallback = %q, want %q", m.Text, want)
	}
}

func TestResolvedEditsTheRootAndRepliesOnce(t *testing.T) {
	t.Parallel()
	s, n, _ := begin(t, fakeslack.Config{})
	posted, err := n.Notify(t.Context(), opened())
	if err != nil {
		t.Fatal(err)
	}
	end := resolved(opened(), posted)
	after, err := n.Notify(t.Context(), end)
	if err != nil {
		t.Fatal(err)
	}
	m := s.Messages()[0]
	if len(s.Messages()) != 1 || len(m.Edits) != 1 || len(m.Replies) != 2 || !strings.Contains(string(m.Blocks), "✅ *Resolved after 18 min*") {
		t.Errorf("message = %+v", m)
	}
	if after.TS != posted.TS || after.Channel != posted.Channel || after.Digest == posted.Digest {
		t.Errorf("posted %+v, then %+v", posted, after)
	}
	calls := len(s.Calls())
	again, err := n.Notify(t.Context(), resolved(opened(), after))
	if err != nil || again != after {
		t.Errorf("the same once more = %+v, %v", again, err)
	}
	if got := s.Calls(); len(got) != calls {
		t.Errorf("an unchanged message cost the calls %v", got[calls:])
	}
}

func TestADeletedMessageIsPostedAnewUnlessItIsOver(t *testing.T) {
	t.Parallel()
	s, n, _ := begin(t, fakeslack.Config{})
	lost := incident.Posted{Channel: fakeslack.DefaultID, TS: "1.000001", Digest: "before"}
	if _, err := n.Notify(t.Context(), resolved(opened(), lost)); err != nil || len(s.Messages()) != 0 {
		t.Errorf("resolving a deleted message: %v, messages %+v", err, s.Messages())
	}
	open := opened()
	open.Incident.Posted = &lost
	posted, err := n.Notify(t.Context(), open)
	if err != nil || len(s.Messages()) != 1 || posted.TS == lost.TS {
		t.Errorf("updating a deleted message: %+v, %v", posted, err)
	}
}

func TestErrorsSayWhetherAnotherTryHelps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		fault     fakeslack.Fault
		permanent bool
		after     time.Duration
	}{
		{"too many messages", fakeslack.Fault{Status: 429, RetryAfter: 30 * time.Second}, false, 30 * time.Second},
		{"Slack is down", fakeslack.Fault{Status: http.StatusServiceUnavailable}, false, 0},
		{"Slack's own error", fakeslack.Fault{Err: "internal_error"}, false, 0},
		{"limited in the body", fakeslack.Fault{Err: "ratelimited"}, false, 0},
		{"no such channel", fakeslack.Fault{Err: "channel_not_found"}, true, 0},
		{"not a member", fakeslack.Fault{Err: "not_in_channel"}, true, 0},
		{"bad token", fakeslack.Fault{Err: "invalid_auth"}, true, 0},
		{"a code nobody knew", fakeslack.Fault{Err: "brand_new_refusal"}, true, 0},
		{"not found", fakeslack.Fault{Status: http.StatusNotFound}, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, n, _ := begin(t, fakeslack.Config{})
			s.Fail("chat.postMessage", c.fault, 1)
			_, err := n.Notify(t.Context(), opened())
			var permanent interface{ Permanent() bool }
			if got := errors.As(err, &permanent) && permanent.Permanent(); err == nil || got != c.permanent {
				t.Errorf("permanent = %v, want %v, of %v", got, c.permanent, err)
			}
			var again *RetryableError
			if errors.As(err, &again) == c.permanent || !c.permanent && again.After != c.after {
				t.Errorf("retryable error = %+v, want to wait %s", again, c.after)
			}
			if want := "posting to channel load-balancers: "; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v doesn't begin with %q", err, want)
			}
		})
	}
}

func TestNoAnswerAndNobodyThereAreWorthAnotherTry(t *testing.T) {
	t.Parallel()
	s, _, _ := begin(t, fakeslack.Config{})
	s.Fail("chat.postMessage", fakeslack.Fault{Hang: true}, 1)
	hanging, err := New(Config{Token: s.Token, Channel: "c", APIURL: s.APIURL(), HTTPClient: &http.Client{Timeout: 20 * time.Millisecond}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	absent, err := New(Config{Token: s.Token, Channel: "c", APIURL: "http://127.0.0.1:1", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]*Notifier{"hanging": hanging, "absent": absent} {
		_, err := n.Notify(t.Context(), opened())
		if _, ok := errors.AsType[*RetryableError](err); !ok {
			t.Errorf("%s: %v isn't worth another try", name, err)
		}
		if err != nil && strings.Contains(err.Error(), s.Token) {
			t.Errorf("%s: the error shows the token: %v", name, err)
		}
	}
}

func TestRefusedBlocksBecomePlainTextOnce(t *testing.T) {
	t.Parallel()
	for _, refusal := range []string{"invalid_blocks", "msg_blocks_too_long"} {
		s, n, log := begin(t, fakeslack.Config{})
		s.Fail("chat.postMessage", fakeslack.Fault{Err: refusal}, 1)
		if _, err := n.Notify(t.Context(), opened()); err != nil {
			t.Fatal(err)
		}
		m := s.Messages()[0]
		if m.Blocks != nil || m.Metadata == nil || !strings.Contains(m.Text, "kubectl patch configmap x") || !strings.Contains(m.Text, "Argo CD redirects") {
			t.Errorf("after %s the message is %+v", refusal, m)
		}
		if !strings.Contains(log.String(), refusal) {
			t.Errorf("the log doesn't say %s: %s", refusal, log)
		}
		s.Fail("chat.update", fakeslack.Fault{Err: refusal}, 2)
		_, err := n.Notify(t.Context(), resolved(opened(), incident.Posted{Channel: m.Channel, TS: m.TS}))
		var permanent *PermanentError
		if updates := slices.DeleteFunc(s.Calls(), func(c string) bool { return c != "chat.update" }); !errors.As(err, &permanent) || len(updates) != 2 {
			t.Errorf("refused twice: %v after %v", err, updates)
		}
	}
}

func TestTheThreadWaitsOnceForTheRateLimit(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)
	s, n, _ := begin(t, fakeslack.Config{OnePerSecond: true, Now: func() time.Time { return now }})
	var waited []time.Duration
	n.wait = func(_ context.Context, d time.Duration) error {
		waited, now = append(waited, d), now.Add(d)
		return nil
	}
	if _, err := n.Notify(t.Context(), opened()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Duration{time.Second}, waited); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if got := len(s.Messages()[0].Replies); got != 1 {
		t.Errorf("%d replies, want 1", got)
	}
}

func TestAThreadThatFailsDoesNotPostTheAlertAgain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)
	s, n, log := begin(t, fakeslack.Config{OnePerSecond: true, Now: func() time.Time { return now }})
	n.wait = func(context.Context, time.Duration) error { return context.DeadlineExceeded }
	posted, err := n.Notify(t.Context(), opened())
	if err != nil || posted.TS == "" || len(s.Messages()) != 1 {
		t.Errorf("posted %+v, %v", posted, err)
	}
	if !strings.Contains(log.String(), "thread incomplete") {
		t.Errorf("the log doesn't tell: %s", log)
	}
}

// Whatever is found, the message keeps Slack's limits: the fake refuses what
// doesn't, and nothing is sent as plain text.
func TestAnySizeIsAccepted(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("evidence & <more> ", 6000)
	full := opened()
	f := full.Finding
	for i := range 500 {
		f.Affected = append(f.Affected, facts.Ref{Cluster: cluster, Kind: "Ingress", Namespace: "team", Name: fmt.Sprintf("web-%d", i)})
		f.Hosts = append(f.Hosts, fmt.Sprintf("web-%d.acme.example", i))
	}
	for i := range 60 {
		f.Evidence = append(f.Evidence, cause.Evidence{Source: big, Says: big, Link: "https://console.cloud.google.com/" + strings.Repeat("a", 1900)})
		f.Fix.Commands = append(f.Fix.Commands, big)
		f.Fix.Patches = append(f.Fix.Patches, cause.Patch{File: big, YAML: strings.Repeat("key: value\n", 500)})
		f.Contract = append(f.Contract, cause.ContractRow{Observer: big, Asked: big, Got: big})
		id := cause.ID(fmt.Sprintf("layer/cause-%d", i))
		full.Diagnosis.RuledOut = append(full.Diagnosis.RuledOut, engine.RuledOut{ID: id, Because: big})
		full.Diagnosis.Gaps = append(full.Diagnosis.Gaps, engine.Gap{Needs: big, Err: big, Hides: []cause.ID{id}})
		full.Diagnosis.Notes = append(full.Diagnosis.Notes, engine.Note{ID: id, Says: big})
		full.Diagnosis.Checked = append(full.Diagnosis.Checked, f.Evidence[0])
		full.Diagnosis.Symptoms = append(full.Diagnosis.Symptoms, cause.Symptom{ID: id, Says: big})
	}
	f.Headline, f.Summary, f.Impact, f.Fix.Summary, f.Fix.Caveat = big, big, big, big, big
	f.Change = &cause.Change{By: big, What: big, From: &big, To: &big, Method: big, Entry: "x", At: full.At}
	listed := full
	table := *f
	listed.Finding, f.Contract = &table, nil
	unexplained := full
	unexplained.Finding = nil
	unexplained.Incident.Headline, unexplained.Incident.Affected = big, f.Affected
	for name, notice := range map[string]incident.Notice{"facts": full, "table": listed, "unexplained": unexplained} {
		for _, actions := range []bool{false, true} {
			s, n, log := begin(t, fakeslack.Config{})
			n.look.Actions = actions
			posted, err := n.Notify(t.Context(), notice)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			end := resolved(notice, posted)
			end.FixedBy = f.Change
			if _, err := n.Notify(t.Context(), end); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			m := s.Messages()[0]
			if log.Len() > 0 || m.Blocks == nil || len(m.Edits) != 1 || len(m.Replies) < 2 || len(m.Replies) > 5 {
				t.Errorf("%s: %d replies, log %s", name, len(m.Replies), log)
			}
			var blocks []json.RawMessage
			if err := json.Unmarshal(m.Edits[0].Blocks, &blocks); err != nil || len(blocks) > 8 {
				t.Errorf("%s: %d blocks, want at most 8 (%v)", name, len(blocks), err)
			}
		}
	}
}

func TestNewNamesEveryMistake(t *testing.T) {
	t.Parallel()
	_, err := New(Config{})
	for _, want := range []string{"no bot token", "no channel", "no logger"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v doesn't say %q", err, want)
		}
	}
}
