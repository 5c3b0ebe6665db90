package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"plumbline/internal/report"
)

var givenPorts sync.Map

// ownPort is a free port that no other test of this process was given: what is free for
// one is free for the other, until the first of them listens.
func ownPort(t *testing.T) int {
	t.Helper()
	for {
		port, err := freePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, taken := givenPorts.LoadOrStore(port, true); !taken {
			return port
		}
	}
}

// served starts `plumbline serve --cloud` as a process and returns the address of the
// fake cloud that it logs; the process is ended with the test.
func served(t *testing.T, scenario string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "serve", "--host", "127.0.0.1", "--cloud", scenario)
	cmd.Env = []string{runMain + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PORT=" + strconv.Itoa(ownPort(t))}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		for lines.Scan() { // the pipe is read to its end before Wait
		}
		_ = cmd.Wait()
	})
	for lines.Scan() {
		var entry struct{ URL string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.URL != "" {
			return entry.URL
		}
	}
	t.Fatal("serve --cloud ended without telling where the cloud is")
	return ""
}

// TestDiagnoseAProjectOfAnotherProcess: the clients of one process read the cloud that
// another one serves, as they would read Google's.
func TestDiagnoseAProjectOfAnotherProcess(t *testing.T) {
	t.Parallel()
	const cluster = "--project=shop-prod --location=europe-west1 --cluster=main"
	for name, tt := range map[string]struct {
		scenario, target string
		status           int
		verdict          string
		says             []string
	}{
		"healthy": {
			"healthy/external-neg.txtar", cluster + " ingress/argocd/argocd", exitOK, "healthy",
			[]string{"healthy  Ingress/argocd/argocd"},
		},
		"broken, and the pods are asked through the control plane": {
			"health/redirect-to-https.txtar", cluster + " --probe ingress/argocd/argocd", exitFound, "root-cause",
			[]string{"Argo CD answers the health check with a redirect to https", "(Proven)", "kubectl patch configmap argocd-cmd-params-cm"},
		},
		"by Service": {
			"health/redirect-to-https.txtar", cluster + " service/argocd/argocd-server", exitFound, "root-cause",
			[]string{"Argo CD answers the health check with a redirect to https"},
		},
		"the whole cluster": {
			"health/redirect-to-https.txtar", cluster + " cluster", exitFound, "root-cause",
			[]string{"Argo CD answers the health check with a redirect to https"},
		},
		"an Ingress that isn't there": {
			"healthy/external-neg.txtar", cluster + " ingress/argocd/other", exitOK, "not-ours",
			[]string{"Ingress/argocd/other isn't in the cluster"},
		},
		"a certificate, without a cluster": {
			"healthy/external-neg.txtar", "--project=shop-prod certificate/global/argocd-acme-example", exitOK, "healthy",
			[]string{"healthy  Certificate/argocd-acme-example"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"diagnose", "--cloud", served(t, scenarios+tt.scenario)}, strings.Fields(tt.target)...)
			text := plumbline(t, nil, args...)
			if text.status != tt.status {
				t.Errorf("exit status %d, want %d: %s", text.status, tt.status, text.stderr)
			}
			for _, says := range tt.says {
				if !strings.Contains(text.stdout, says) {
					t.Errorf("%q isn't said in\n%s", says, text.stdout)
				}
			}
			var got struct {
				Reports []struct{ Verdict string }
				Timing  report.Timing
			}
			asJSON := plumbline(t, nil, append(args, "--format", "json")...)
			if err := json.Unmarshal([]byte(asJSON.stdout), &got); err != nil || len(got.Reports) == 0 {
				t.Fatalf("JSON: %v in %s", err, asJSON.stdout)
			}
			if got.Reports[0].Verdict != tt.verdict || got.Timing.Calls == 0 || got.Timing.Rounds == 0 {
				t.Errorf("JSON: verdict %q, timing %+v; want %q", got.Reports[0].Verdict, got.Timing, tt.verdict)
			}
		})
	}
}

func TestDiagnoseUsage(t *testing.T) {
	t.Parallel()
	for args, says := range map[string]string{
		"":                        "name one target",
		"--project=p ingress/a/b": "needs --location and --cluster",
		"ingress/a/b":             "--project is missing",
		"--project=p --location=l --cluster=c ingress/a":                         "want ingress/NAMESPACE/NAME",
		"--project=p --location=l --cluster=c pod/a/b":                           "want ingress/NAMESPACE/NAME",
		"--project=p backendservice/web":                                         "want backendservice/global/NAME",
		"--project=p certificate/regions/r":                                      "want certificate/global/NAME",
		"--project=p --format=xml certificate/global/c":                          "want text, json or markdown",
		"--project=p --location=l --cluster=c ingress/a/b ingress/a/c":           "name one target",
		"--project=p --location=l --cluster=c --no-such-flag=1 ingress/a/b":      "unknown flag",
		"--project=p --location=l --cluster=c gateway/a/b service/a/b cluster /": "name one target",
	} {
		got := plumbline(t, nil, append([]string{"diagnose"}, strings.Fields(args)...)...)
		if got.status != exitUsage || !strings.Contains(got.stderr, says) || got.stdout != "" {
			t.Errorf("%q: got %+v, want status 2 and %q", args, got, says)
		}
	}
	got := plumbline(t, nil, "diagnose", "--cloud", "http://127.0.0.1:1", "--project=p", "certificate/global/c")
	if got.status != exitFail || !strings.Contains(got.stderr, "finding the fake cloud") {
		t.Errorf("a cloud that isn't there: %+v", got)
	}
}
