// Package app wires everything: it is the only package that knows all others. New
// makes a Service from a Config and the way to a cloud; Replay and Demo do the same
// against a fake cloud that serves a scenario.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"plumbline/internal/causes"
	"plumbline/internal/collect"
	"plumbline/internal/collect/dns"
	"plumbline/internal/collect/kube"
	"plumbline/internal/facts"
	"plumbline/internal/fakecloud"
	"plumbline/internal/incident"
	"plumbline/internal/probe"
	"plumbline/internal/service"
	"plumbline/internal/store/memory"
)

// lease is how long a claim to post holds; posting takes a second or two.
const lease = 30 * time.Second

// A Cloud is how the APIs are reached: client options, and the way to control
// planes.
type Cloud struct {
	Compute, Container, CertificateManager, Logging []option.ClientOption

	Kubernetes kube.Config
	// DNS is the resolver, host:port; empty means the system's.
	DNS string
}

// Google is the real one, with the credentials of the environment; they are looked
// up with the first call, not before.
func Google() Cloud {
	return Cloud{Kubernetes: kube.Config{Token: &lazyToken{}}}
}

// lazyToken finds the default credentials when the first token is asked for.
type lazyToken struct{}

// Token implements oauth2.TokenSource. The scope userinfo.email makes the
// Kubernetes user name the account's address (gcp-facts.md §8).
func (*lazyToken) Token() (*oauth2.Token, error) {
	source, err := google.DefaultTokenSource(context.Background(), "https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email")
	if err != nil {
		return nil, fmt.Errorf("finding Google credentials (run `gcloud auth application-default login`, or give the service an account): %w", err)
	}
	return source.Token()
}

// Fake is the way to a fake cloud on loopback.
func Fake(cloud *fakecloud.Cloud) Cloud {
	rest := []option.ClientOption{option.WithEndpoint(cloud.HTTP()), option.WithoutAuthentication()}
	return Cloud{
		Compute: rest, Container: rest, CertificateManager: rest, DNS: cloud.DNS(),
		Logging: []option.ClientOption{
			option.WithEndpoint(cloud.Logging()), option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		},
		Kubernetes: kube.Config{
			Token:       oauth2.StaticTokenSource(&oauth2.Token{AccessToken: cloud.Address().Token}),
			Dial:        cloud.DialContext,
			PublicRoots: cloud.RootCAs(),
		},
	}
}

// Remote is the way to a fake cloud of another process.
func Remote(a fakecloud.Address) (Cloud, error) {
	roots, err := a.RootPool()
	if err != nil {
		return Cloud{}, fmt.Errorf("trusting the fake cloud: %w", err)
	}
	rest := []option.ClientOption{option.WithEndpoint(a.HTTP), option.WithoutAuthentication()}
	return Cloud{
		Compute: rest, Container: rest, CertificateManager: rest, DNS: a.DNS,
		Logging: []option.ClientOption{
			option.WithEndpoint(a.Logging), option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		},
		Kubernetes: kube.Config{
			Token: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: a.Token}), Dial: a.DialContext, PublicRoots: roots,
		},
	}, nil
}

// Options are what New needs besides the cloud.
type Options struct {
	// Probe allows the active probe.
	Probe bool
	// CallTimeout is how long one read may take; 0 is the collector's default.
	CallTimeout time.Duration
	// ShareFor is how long what a project has as a whole may answer again; 0 is the
	// collector's default, less than 0 shares nothing, as where the clock stands still.
	ShareFor time.Duration
	Store    service.Store
	Notify   service.Notifier
	Now      func() time.Time
	Log      *slog.Logger
}

// An App is a running Service and its connections.
type App struct {
	Service   *service.Service
	collector *collect.Collector
	// fake is the cloud that Open started; nil with Google's.
	fake *fakecloud.Cloud
}

// New wires a Service; it opens no connection. A nil Store is memory.
func New(ctx context.Context, cloud Cloud, o Options) (*App, error) {
	if o.Notify == nil || o.Now == nil || o.Log == nil {
		return nil, errors.New("wiring the service: Notify, Now and Log are required")
	}
	if o.Store == nil {
		o.Store = &memory.Store{}
	}
	collector, err := collect.New(ctx, collect.Config{
		Compute: cloud.Compute, Container: cloud.Container, CertificateManager: cloud.CertificateManager,
		Logging: cloud.Logging, Kubernetes: cloud.Kubernetes, DNS: dns.Config{Server: cloud.DNS},
		Planner: service.Plan{}, CallTimeout: o.CallTimeout, Now: o.Now, ShareFor: o.ShareFor, Log: o.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("wiring the collector: %w", err)
	}
	s := &service.Service{
		Causes: causes.All(), Collect: reader{collector}, Store: o.Store, Notify: o.Notify,
		Policy: incident.Policy{Lease: lease}, Now: o.Now, Log: o.Log,
	}
	if o.Probe {
		s.Probe = probe.New(func(cluster string) (probe.Access, bool) {
			a, ok := collector.Access(cluster)
			return probe.Access{Client: a.Client, Base: a.Base}, ok
		})
	}
	return &App{Service: s, collector: collector}, nil
}

// Close ends the connections, and the fake cloud if Open started one.
func (a *App) Close() error {
	err := a.collector.Close()
	if a.fake != nil {
		a.fake.Close()
	}
	return err
}

// reader is the collector as the service wants it: what it cost is in the context's
// meter.
type reader struct{ *collect.Collector }

// Collect implements service.Collector.
func (r reader) Collect(ctx context.Context, q facts.Question) ([]*facts.Snapshot, error) {
	snapshots, _, err := r.Collector.Collect(ctx, q)
	return snapshots, err
}
