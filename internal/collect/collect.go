// Package collect reads the cloud for a diagnosis: Refs in, Snapshots out. It
// stands between the service, which knows what was asked about, and the causes,
// which only see facts. gcp, kube and logs below it hold the vendors' clients; what
// belongs together is decided by a Planner, which is pure.
//
// A diagnosis is read in rounds, each one parallel fan-out: the project and the
// cluster; Kubernetes; then what only the first two name (health and endpoints of
// groups, the log query, ConfigMaps). The probe is a fourth round and the
// service's. A read that fails is unknown and a named Gap; it stops nothing else,
// and it isn't tried again.
package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/api/option"

	"plumbline/internal/collect/dns"
	"plumbline/internal/collect/gcp"
	"plumbline/internal/collect/kube"
	"plumbline/internal/collect/logs"
	"plumbline/internal/collect/share"
	"plumbline/internal/facts"
	"plumbline/internal/meter"
)

// DefaultCallTimeout is how long one read may take, all its pages included.
const DefaultCallTimeout = 8 * time.Second

// ErrNothingRead says that every single read failed: there is nothing to judge,
// and trying later may help.
var ErrNothingRead = errors.New("nothing could be read")

// Config is what a Collector is made of. The client options carry endpoint,
// credentials and HTTP client of each API.
type Config struct {
	Compute            []option.ClientOption
	Container          []option.ClientOption
	CertificateManager []option.ClientOption
	// Logging are options of a gRPC client.
	Logging    []option.ClientOption
	Kubernetes kube.Config
	// DNS says which resolver is asked.
	DNS     dns.Config
	Planner Planner
	// CallTimeout is how long one read may take; 0 is DefaultCallTimeout.
	CallTimeout time.Duration
	// Now is the clock by which shared reads get old and the log's budget is refilled;
	// required.
	Now func() time.Time
	// ShareFor is how long a read of what a project has as a whole may answer again; 0
	// is share.DefaultTTL, less than 0 shares nothing.
	ShareFor time.Duration
	// Log gets every failed read; nil is slog's default.
	Log *slog.Logger
}

// A Collector reads the cloud. It may be used by several goroutines.
type Collector struct {
	gcp     *gcp.Reader
	kube    *kube.Connections
	logs    *logs.Reader
	dns     *dns.Resolver
	shared  *share.Cache
	plan    Planner
	timeout time.Duration
	log     *slog.Logger
}

// Usage is what a collection cost: API requests sent, and the longest chain of
// requests each of which waited for the one before.
type Usage struct{ Calls, Rounds int }

// New prepares the clients; it opens no connection to the APIs. The error says
// which client's options don't fit.
func New(ctx context.Context, c Config) (*Collector, error) {
	if c.Planner == nil || c.Now == nil {
		return nil, errors.New("preparing the collector: Config.Planner and Config.Now are required")
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = DefaultCallTimeout
	}
	shared, err := share.New(share.Config{Now: c.Now, TTL: c.ShareFor, Timeout: c.CallTimeout})
	if err != nil {
		return nil, err
	}
	cloud, err := gcp.New(ctx, gcp.Config{Compute: c.Compute, Container: c.Container, CertificateManager: c.CertificateManager})
	if err != nil {
		return nil, err
	}
	hosts, err := dns.New(c.DNS)
	if err != nil {
		return nil, err
	}
	history, err := logs.New(ctx, logs.Config{Options: c.Logging, Now: c.Now})
	if err != nil {
		return nil, err
	}
	collector := &Collector{
		gcp: cloud, kube: kube.New(c.Kubernetes), logs: history, dns: hosts, shared: shared,
		plan: c.Planner, timeout: c.CallTimeout, log: c.Log,
	}
	if collector.log == nil {
		collector.log = slog.Default()
	}
	return collector, nil
}

// Close ends the connections. Collections under way fail.
func (c *Collector) Close() error {
	c.kube.Close()
	c.gcp.Close()
	if err := c.logs.Close(); err != nil {
		return fmt.Errorf("closing the Logging client: %w", err)
	}
	return nil
}

// Access is the way into a cluster for the probe, once the cluster was collected.
func (c *Collector) Access(cluster string) (kube.Access, bool) { return c.kube.Access(cluster) }

// Collect reads what the Refs need: one Snapshot for each cluster they lead to, in
// the order in which the Refs name the clusters, and one without cluster for each
// project where a Ref leads to none. Usage counts with the meter.Meter of the
// context, if there is one, and is its total; otherwise it is the collection's own.
//
// The error wraps ErrNothingRead when all reads failed; the Snapshots come with it
// and tell why.
func (c *Collector) Collect(ctx context.Context, q facts.Question) ([]*facts.Snapshot, Usage, error) {
	count := meter.From(ctx)
	if count == nil {
		count = &meter.Meter{}
		ctx = meter.With(ctx, count)
	}
	r, err := begin(c, q)
	if err != nil {
		return nil, Usage{}, err
	}
	r.readProjects(ctx)
	r.locate()
	if r.crowded() {
		r.readIdentities(ctx)
	}
	r.readClusters(ctx)
	r.settle()
	r.readDetails(ctx)
	snapshots := r.snapshots()
	r.report(ctx, snapshots)
	return snapshots, Usage{Calls: count.Calls(), Rounds: count.Rounds()}, r.nothingRead(snapshots)
}
