package chat_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/cause"
	"plumbline/internal/chat"
	"plumbline/internal/engine"
)

func TestFallbackSaysWhoSuffersAndWhy(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]chat.Message{
		"argocd/argocd down: Argo CD answers the health check with a redirect to https; Google accepts only 200":                                      chat.Render(redirectToHTTPS(), chat.Options{}),
		"argocd/argocd and 2 more blocked: HTTP load balancing is off in cluster prod-eu: 3 Ingresses waiting for a load balancer that nobody builds": chat.Render(addonOff(), chat.Options{}),
		"shop/web: 2 of 3 endpoints of Service shop/web are UNHEALTHY; no known cause fits":                                                           chat.Render(noCause(), chat.Options{}),
		"✅ argocd/argocd resolved after 18 min: Argo CD answers the health check with a redirect to https; Google accepts only 200":                   chat.Render(over(), chat.Options{}),
	} {
		if m.Text != want {
			t.Errorf("fallback = %q, want %q", m.Text, want)
		}
	}
}

func TestTimesAreDateTokens(t *testing.T) {
	t.Parallel()
	text := strings.Join(mrkdwnOf(t, chat.Render(redirectToHTTPS(), chat.Options{}).Blocks), "\n")
	if want := fmt.Sprintf("since <!date^%d^{time}|14:01 UTC>", at("14:01:07").Unix()); !strings.Contains(text, want) {
		t.Errorf("no %q in:\n%s", want, text)
	}
	old := redirectToHTTPS()
	old.At = old.At.Add(25 * time.Hour)
	text = strings.Join(mrkdwnOf(t, chat.Render(old, chat.Options{}).Blocks), "\n")
	if want := fmt.Sprintf("since <!date^%d^{date_short_pretty} {time}|Mar 12, 14:01 UTC>", at("14:01:07").Unix()); !strings.Contains(text, want) {
		t.Errorf("no %q in:\n%s", want, text)
	}
}

func TestMetadataFindsTheMessageAgain(t *testing.T) {
	t.Parallel()
	n := addonOff()
	n.Incident.Generation = 3
	got := chat.Render(n, chat.Options{}).Metadata
	if got.EventType != "plumbline_incident" {
		t.Errorf("event type %q", got.EventType)
	}
	if diff := cmp.Diff(map[string]any{"key": string(n.Incident.Key), "generation": 3}, got.EventPayload); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}

func TestDigestChangesWithTheBodyAlone(t *testing.T) {
	t.Parallel()
	digest := func(m chat.Message) string {
		d, err := m.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	same, other := redirectToHTTPS(), redirectToHTTPS()
	other.Finding.Impact = "2 of 3 endpoints unhealthy"
	before := digest(chat.Render(redirectToHTTPS(), chat.Options{}))
	if digest(chat.Render(same, chat.Options{})) != before {
		t.Error("the same notice has another digest")
	}
	if digest(chat.Render(other, chat.Options{})) == before {
		t.Error("another body has the same digest")
	}
}

// A message that is too long loses what was ruled out, then the impact, then the
// facts from the third on; never the fix, the change or a gap.
func TestDegradesInTheContractsOrder(t *testing.T) {
	t.Parallel()
	n := addonOff()
	n.Finding.Evidence = append(n.Finding.Evidence, cause.Evidence{Says: "third fact"})
	n.Diagnosis.Gaps = []engine.Gap{{Needs: "compute.firewalls.list", Hides: []cause.ID{"network/firewall-rule-denies"}}}
	always := []string{"1. addonsConfig", "Changed", "Fix", "Could not read  compute.firewalls.list"}
	for _, c := range []struct {
		command    string
		shown, not []string
	}{
		{"gcloud a", []string{"Ruled out", "Impact", "3. third fact"}, nil},
		{"gcloud a\ngcloud b", []string{"Impact", "3. third fact"}, []string{"Ruled out"}},
		{"gcloud a\ngcloud b\ngcloud c", []string{"3. third fact"}, []string{"Ruled out", "Impact"}},
	} {
		n.Finding.Fix.Commands = []string{c.command}
		root, _, _ := strings.Cut(chat.Plain(chat.Render(n, chat.Options{})), "\nThread\n")
		for _, s := range append(c.shown, always...) {
			if !strings.Contains(root, s) {
				t.Errorf("with %q the message lacks %q:\n%s", c.command, s, root)
			}
		}
		for _, s := range c.not {
			if strings.Contains(root, s) {
				t.Errorf("with %q the message still has %q:\n%s", c.command, s, root)
			}
		}
	}
}

func TestALongCommandIsNeverCutInTheChannel(t *testing.T) {
	t.Parallel()
	n := addonOff()
	n.Finding.Fix.Commands = []string{"gcloud " + strings.Repeat("--flag=value ", 120)}
	root, thread, _ := strings.Cut(chat.Plain(chat.Render(n, chat.Options{})), "\nThread\n")
	if strings.Contains(root, "--flag=value") || !strings.Contains(root, "All commands and the patch are in the thread") {
		t.Errorf("the root shows a part of the command:\n%s", root)
	}
	if strings.Count(thread, "--flag=value") != 120 {
		t.Errorf("the thread lacks the whole command:\n%s", thread)
	}
}

func TestManyAffectedAreNamedInTheThread(t *testing.T) {
	t.Parallel()
	n := addonOff()
	for i := range 40 {
		n.Finding.Affected = append(n.Finding.Affected, ref("Ingress", "team", fmt.Sprintf("web-%d", i)))
	}
	root, thread, _ := strings.Cut(chat.Plain(chat.Render(n, chat.Options{})), "\nThread\n")
	if want := "Affected: argocd/argocd, shop/api, shop/web and 40 more."; !strings.Contains(root, want) {
		t.Errorf("no %q in:\n%s", want, root)
	}
	for i := range 40 {
		if want := fmt.Sprintf("• Ingress team/web-%d\n", i); !strings.Contains(thread, want) {
			t.Errorf("the thread lacks %q", want)
		}
	}
}
