package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	fakeslack "plumbline/internal/fakecloud/slack"
	"plumbline/internal/scenario"
)

// runMain makes the test binary be plumbline itself, so that a test can start the
// real program as a process and end it.
const runMain = "PLUMBLINE_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		_ = os.Unsetenv(runMain)
		os.Exit(realMain())
	}
	os.Exit(m.Run())
}

// process starts plumbline with arguments and settings; it is ended with the test.
func process(t *testing.T, environ []string, args ...string) *bytes.Buffer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// The test's own settings aren't plumbline's.
	cmd.Env = append([]string{runMain + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, environ...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("plumbline %s:\n%s", strings.Join(args, " "), out.String())
		}
	})
	return &out
}

func emulator(t *testing.T) {
	t.Helper()
	if os.Getenv("PUBSUB_EMULATOR_HOST") != "" {
		return
	}
	const why = "Google's Pub/Sub emulator isn't there (PUBSUB_EMULATOR_HOST); .ci/run starts it"
	if os.Getenv("PLUMBLINE_INTEGRATION") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// TestIntegrationEmulatorToSlack: Google's Pub/Sub emulator pushes a published log
// entry to `plumbline serve`, and the message arrives at the Slack look-alike.
func TestIntegrationEmulatorToSlack(t *testing.T) {
	emulator(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	const path = "../../testdata/scenarios/health/redirect-to-https.txtar"
	s, _, err := scenario.Load(path, scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	slack, err := fakeslack.Start(fakeslack.Config{Token: "xoxb-" + "of-the-test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slack.Close() })
	port, err := freePort(ctx)
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	process(t, []string{
		"PORT=" + strconv.Itoa(port), "SLACK_TOKEN=" + slack.Token, "SLACK_CHANNEL=" + fakeslack.DefaultChannel, "SLACK_API_URL=" + slack.APIURL(),
	}, "serve", "--host", "127.0.0.1", "--cloud", path)
	if err := answering(ctx, port, nil); err != nil {
		t.Fatal(err)
	}
	publish(ctx, t, "http://"+address+"/", s.Trigger)
	told := func() bool { // the thread comes a moment after its message
		all := slack.Messages()
		return len(all) > 0 && len(all[0].Replies) > 0
	}
	for ctx.Err() == nil && !told() {
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	messages := slack.Messages()
	if len(messages) != 1 {
		t.Fatalf("%d messages arrived, want 1", len(messages))
	}
	if got := messages[0].Text; !strings.Contains(got, "redirect to https") {
		t.Errorf("the message says %q", got)
	}
	if len(messages[0].Replies) == 0 {
		t.Error("the message has no thread")
	}
}

// publish makes a topic with a push subscription and publishes the entries to it.
func publish(ctx context.Context, t *testing.T, endpoint string, entries []json.RawMessage) {
	t.Helper()
	const project = "demo"
	client, err := pubsub.NewClient(ctx, project)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	suffix := strconv.FormatInt(time.Now().UnixNano(), 36)
	topic := "projects/" + project + "/topics/entries-" + suffix
	if _, err := client.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}
	subscription := &pubsubpb.Subscription{
		Name: "projects/" + project + "/subscriptions/push-" + suffix, Topic: topic, AckDeadlineSeconds: 60,
		PushConfig: &pubsubpb.PushConfig{PushEndpoint: endpoint},
	}
	if _, err := client.SubscriptionAdminClient.CreateSubscription(ctx, subscription); err != nil {
		t.Fatal(err)
	}
	publisher := client.Publisher(topic)
	defer publisher.Stop()
	for _, entry := range entries {
		if _, err := publisher.Publish(ctx, &pubsub.Message{Data: entry}).Get(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDemoEndsByItself runs the demo as a process: both messages, exit status 0.
func TestDemoEndsByItself(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "demo")
	cmd.Env = append(os.Environ(), runMain+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"Plumbline demo", "HTTP load balancing is off in cluster main", "Argo CD answers the health check with a redirect to https", "dana@acme.example"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("the demo doesn't print %q:\n%s", want, out)
		}
	}
}
