package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/cause"
	"plumbline/internal/engine"
)

func TestMarkdownOfAFullReport(t *testing.T) {
	want := "## a.txtar\n\n### Ingress/shop/web: root-cause\n\nbecause\n\n" +
		"- `symptom/ingress-not-provisioned` Ingress/shop/web: no address\n\n" +
		"**It is off** (proven, outage, `control/http-load-balancing-disabled` on Cluster/main)\n\nNobody builds it.\n\n" +
		"| observer | asked | got |\n|---|---|---|\n| kubelet | GET :8080/ | 200 |\n\n" +
		"| evidence | says |\n|---|---|\n| [container.clusters.get](https://console.cloud.google.com/) | disabled = true |\n\n" +
		"Impact: 3 of 3 endpoints unhealthy\n\nAffected:\n\n- Ingress/shop/web\n- shop.acme.example\n\n" +
		"Changed by dana@acme.example with gcloud at 2026-11-17T11:00:00Z: `addonsConfig.httpLoadBalancing.disabled`, `false` → `true`\n\n" +
		"Fix: Switch it on.\n\nBut: Terraform may undo it.\n\n```\ngcloud container clusters update main\n```\n\n" +
		"main.tf:\n\n```yaml\ndisabled = false\n```\n\n" +
		"Path:\n\n- `url-map` broken: admin.acme.example is missing\n\n" +
		"Changed before:\n\n- 2026-11-17T11:00:00Z: dana@acme.example with Argo CD changed Service/shop/web `spec.ports[80].targetPort`, `8080` → removed\n\n" +
		"Ruled out:\n\n- `health/redirect`: no endpoint is UNHEALTHY\n\n" +
		"Could not read:\n\n- `compute.firewalls.list`: 403 PERMISSION_DENIED\n\n" +
		"Notes:\n\n- `health/logging-disabled` Ingress/shop/web: logging is off\n\n"
	if diff := cmp.Diff(want, Markdown(Scenario{Scenario: "a.txtar", Reports: []Report{Of(diagnosis())}})); diff != "" {
		t.Errorf("Markdown (-want +got):\n%s", diff)
	}
}

func TestMarkdownSaysWhatDidNotRunAndWhatIsNotOurs(t *testing.T) {
	got := Markdown(Scenario{Scenario: "a.txtar", Error: "starting the fake cloud:\nno port", Reports: []Report{NotOurs()}})
	want := "## a.txtar\n\n**Could not run:** starting the fake cloud: no port\n\n### nothing of ours: not-ours\n\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Markdown (-want +got):\n%s", diff)
	}
}

// A value from outside can't end its line, its table cell or its code, nor become
// HTML.
func TestMarkdownEscapesValuesFromOutside(t *testing.T) {
	const hostile = "a|b\n## c `d` <script>e</script>"
	const tamed = `a\|b ## c 'd' &lt;script&gt;e&lt;/script&gt;`
	d := diagnosis()
	d.Target.Name, d.Reason = hostile, hostile
	d.Symptoms[0].Says, d.Symptoms[0].Subject.Name = hostile, hostile
	d.Notes[0].Says, d.Notes[0].Subject.Name = hostile, hostile
	d.RuledOut[0].Because = hostile
	d.Gaps[0] = engine.Gap{Needs: hostile, Err: hostile}
	f := &d.Roots[0]
	f.Headline, f.Summary, f.Subject.Name = hostile, hostile, hostile
	f.Evidence = []cause.Evidence{{Source: hostile, Says: hostile}}
	f.Change.By, f.Change.What = hostile, hostile
	f.Fix = cause.Fix{Summary: hostile}
	got := Markdown(Scenario{Scenario: hostile, Error: hostile, Reports: []Report{Of(d)}})
	const asCode = `a\|b ## c 'd' ‹script›e‹/script›`
	if text, code := strings.Count(got, tamed), strings.Count(got, asCode); text != 17 || code != 2 {
		t.Errorf("%d values were tamed in text and %d in code, want 17 and 2", text, code)
	}
	for _, wild := range []string{"<script>", "a|b", "`d`", "\n## c"} {
		if strings.Contains(got, wild) {
			t.Errorf("%q got through:\n%s", wild, got)
		}
	}
}

// A command is copied as it is; only what would end its code block is changed.
func TestMarkdownKeepsCommandsInTheirBlock(t *testing.T) {
	d := diagnosis()
	d.Roots[0].Fix.Commands = []string{`kubectl patch x -p '{"a":"<b>|c"}'`, "echo\n```\n<img>\n```"}
	got := Markdown(Scenario{Reports: []Report{Of(d)}})
	for _, want := range []string{
		"```\nkubectl patch x -p '{\"a\":\"<b>|c\"}'\n```\n",
		"```\necho\n'''\n<img>\n'''\n```\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no block %q in:\n%s", want, got)
		}
	}
}

// A value from outside becomes no link, image or mention.
func TestMarkdownMakesNoLinksOrMentions(t *testing.T) {
	for value, want := range map[string]string{
		"[x](https://evil.example)": `\[x\](https://evil.example)`,
		"![](https://evil.example)": `!\[\](https://evil.example)`,
		"@everyone and @here":       "&#64;everyone and &#64;here",
		"dana@acme.example":         "dana@acme.example",
	} {
		if got := cell(value); got != want {
			t.Errorf("cell(%q) = %q, want %q", value, got, want)
		}
	}
}
