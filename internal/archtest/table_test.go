package archtest

import "slices"

// A rule says what the packages of a row may import of this module. The first row
// that matches a package rules. A package may always import what lies below it.
type rule struct {
	packages []string
	// may binds the package itself; its tests are free in what they need.
	may []string
	// never binds the tests as well.
	never []string
}

// pure are the packages that compute: no context, client, clock or environment
// (architecture.md §1.2).
var pure = []string{
	"internal/facts", "internal/signal", "internal/glbc", "internal/path", "internal/knownapp", "internal/cause",
	"internal/causes/...", "internal/engine", "internal/incident", "internal/firewall", "internal/history",
}

// words are the pure packages that everybody may speak: all but the causes, which
// only app and the catalogue's generator know.
var words = slices.DeleteFunc(slices.Clone(pure), func(p string) bool { return p == "internal/causes/..." })

// rules is the table of architecture.md §2. A package without a row is refused:
// adding one is a decision.
var rules = []rule{
	{packages: []string{"internal/facts"}},
	{packages: []string{"internal/signal", "internal/glbc", "internal/knownapp", "internal/firewall"}, may: []string{"internal/facts"}},
	{packages: []string{"internal/path"}, may: []string{"internal/glbc", "internal/firewall", "internal/facts"}},
	{
		packages: []string{"internal/history"},
		may:      []string{"internal/path", "internal/signal", "internal/glbc", "internal/knownapp", "internal/facts"},
	},
	{packages: []string{"internal/cause"}, may: []string{"internal/history", "internal/path", "internal/signal", "internal/glbc", "internal/facts"}},
	{
		packages: []string{"internal/causes/*"},
		may:      []string{"internal/cause", "internal/history", "internal/path", "internal/glbc", "internal/firewall", "internal/knownapp", "internal/facts", "internal/signal"},
		never:    []string{"internal/causes", "internal/causes/*"},
	},
	{packages: []string{"internal/causes"}, may: []string{"internal/cause"}},
	{
		packages: []string{"internal/engine"},
		may:      []string{"internal/cause", "internal/history", "internal/path", "internal/signal", "internal/glbc", "internal/facts"},
	},
	{
		packages: []string{"internal/incident"},
		may:      []string{"internal/engine", "internal/cause", "internal/signal", "internal/facts"},
	},
	{packages: []string{"internal/service"}, may: append([]string{"internal/meter"}, words...)},
	{packages: []string{"internal/config"}, may: words},
	{packages: []string{"internal/report"}, may: append([]string{"internal/scenario"}, words...)},
	{packages: []string{"internal/telemetry", "internal/meter"}},
	adapter("internal/collect"),
	adapter("internal/chat"),
	adapter("internal/store"),
	adapter("internal/probe"),
	{packages: []string{"internal/scenario"}, may: []string{"internal/signal", "internal/facts"}},
	{
		packages: []string{"internal/fakecloud/..."},
		may:      []string{"internal/fakecloud/...", "internal/scenario", "internal/facts"},
	},
	{packages: []string{"testdata"}},
	{
		packages: []string{"internal/app"},
		may:      []string{"internal/...", "testdata"},
		never:    []string{"functions/...", "internal/tools/...", "internal/archtest", "internal/kubetest/..."},
	},
	{
		packages: []string{"functions/..."},
		may: append([]string{
			"functions", "internal/app", "internal/config", "internal/telemetry", "internal/report",
			"internal/scenario", "internal/service", "testdata",
		}, words...),
	},
	{packages: []string{"internal/tools/*"}, may: []string{"internal/causes", "internal/cause"}},
	{packages: []string{"internal/kubetest/..."}, may: []string{"internal/kubetest"}},
	{packages: []string{"internal/archtest"}},
}

// adapters touch the world, each its own part of it.
var adapters = []string{"internal/collect", "internal/chat", "internal/store", "internal/probe"}

// adapter is the row of one adapter: the words, its own tree and the meter of its
// requests, never another adapter nor the service.
func adapter(name string) rule {
	r := rule{
		packages: []string{name + "/..."},
		may:      append([]string{name + "/...", "internal/meter"}, words...),
		never:    []string{"internal/service"},
	}
	for _, other := range adapters {
		if other != name {
			r.never = append(r.never, other+"/...")
		}
	}
	return r
}

// impure are imports that no pure package may have: clients, clock, environment,
// and the context that they need.
var impure = []string{
	"context", "os/...", "net", "net/http/...", "net/rpc/...", "syscall", "log/...", "math/rand/...", "crypto/rand",
	"k8s.io/client-go/...", "google.golang.org/api/option/...", "google.golang.org/grpc/...",
	"cloud.google.com/go/compute/apiv1", "cloud.google.com/go/logging/...", "cloud.google.com/go/pubsub/...",
	"cloud.google.com/go/firestore/...", "github.com/slack-go/slack/...",
}

// clock are the functions of package time that read the clock or wait for it.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// refusedNames say nothing about what a package provides (style.md §3.9).
var refusedNames = []string{
	"util", "utils", "common", "commons", "helper", "helpers", "manager", "managers", "types", "misc", "shared", "base", "lib",
}

// topLevel is all that may lie in the root (architecture.md §2), besides what
// .gitignore names.
var topLevel = []string{
	".ci", ".git", ".gitignore", ".golangci.yml", ".ko.yaml", "README.md", "cloudbuild.yaml", "deploy", "functions",
	"go.mod", "go.sum", "internal", "testdata",
}
