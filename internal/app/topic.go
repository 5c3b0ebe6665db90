package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	demoProject      = "demo"
	demoTopic        = "projects/demo/topics/log-entries"
	demoSubscription = "projects/demo/subscriptions/plumbline"
)

// A topic is an in-process Pub/Sub with one topic and one subscription, whose
// messages are pushed as Pub/Sub pushes them; the library's server only serves
// pulls.
type topic struct {
	server *pstest.Server
	conn   *grpc.ClientConn
	client *pubsub.Client
}

func newTopic(ctx context.Context) (*topic, error) {
	t := &topic{server: pstest.NewServer()}
	if err := t.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the in-process Pub/Sub: %w", err), t.close())
	}
	return t, nil
}

func (t *topic) open(ctx context.Context) (err error) {
	if t.conn, err = grpc.NewClient(t.server.Addr, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		return err
	}
	if t.client, err = pubsub.NewClient(ctx, demoProject, option.WithGRPCConn(t.conn)); err != nil {
		return err
	}
	if _, err = t.client.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: demoTopic}); err != nil {
		return err
	}
	_, err = t.client.SubscriptionAdminClient.CreateSubscription(ctx, &pubsubpb.Subscription{Name: demoSubscription, Topic: demoTopic, AckDeadlineSeconds: 60})
	return err
}

func (t *topic) close() error {
	var errs []error
	if t.client != nil {
		errs = append(errs, t.client.Close())
	}
	if t.conn != nil {
		// The client has closed it already, where there is one.
		if err := t.conn.Close(); t.client == nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, t.server.Close())...)
}

// deliver publishes the entries and pushes each to the URL until it is
// acknowledged.
func (t *topic) deliver(ctx context.Context, entries []json.RawMessage, url string) error {
	publisher := t.client.Publisher(demoTopic)
	defer publisher.Stop()
	for _, entry := range entries {
		m := &pubsub.Message{Data: entry, Attributes: map[string]string{"logging.googleapis.com/timestamp": time.Now().UTC().Format(time.RFC3339Nano)}}
		if _, err := publisher.Publish(ctx, m).Get(ctx); err != nil {
			return fmt.Errorf("publishing a log entry: %w", err)
		}
	}
	ctx, done := context.WithCancel(ctx)
	defer done()
	var acknowledged atomic.Int64
	err := t.client.Subscriber(demoSubscription).Receive(ctx, func(ctx context.Context, m *pubsub.Message) {
		if !push(ctx, url, m) {
			m.Nack()
			return
		}
		m.Ack()
		if acknowledged.Add(1) == int64(len(entries)) {
			done()
		}
	})
	if err != nil {
		return fmt.Errorf("receiving from Pub/Sub: %w", err)
	}
	if n := acknowledged.Load(); n < int64(len(entries)) {
		return fmt.Errorf("%d of %d entries were acknowledged: %w", n, len(entries), context.Cause(ctx))
	}
	return nil
}

// push sends a message as a push subscription does, and reports the
// acknowledgement.
func push(ctx context.Context, url string, m *pubsub.Message) bool {
	body, err := json.Marshal(map[string]any{
		"message":      map[string]any{"data": m.Data, "attributes": m.Attributes, "messageId": m.ID, "publishTime": m.PublishTime.UTC().Format(time.RFC3339Nano)},
		"subscription": demoSubscription,
	})
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode/100 == 2
}

// atomicTime is a time that one goroutine sets and others read.
type atomicTime struct{ p atomic.Pointer[time.Time] }

func (a *atomicTime) store(t time.Time) { a.p.Store(&t) }

func (a *atomicTime) load() time.Time {
	if p := a.p.Load(); p != nil {
		return *p
	}
	return time.Time{}
}
