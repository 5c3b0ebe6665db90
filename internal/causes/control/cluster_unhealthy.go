package control

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/container/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A cluster in ERROR or DEGRADED says in its conditions what GKE itself can't do any
// more: no addresses for nodes, no account for its controllers (cause-catalogue.md).
// Load balancers that work all the same are none of it.
var clusterUnhealthy = cause.Cause{
	ID:    "control/cluster-unhealthy",
	Title: "GKE says that the cluster itself is broken",
	Needs: []facts.Kind{facts.Services, facts.Clusters, facts.Cluster, facts.Ingresses, facts.Events, facts.Pods, facts.Operations, facts.ThirdPartyObjects},
	Explains: []cause.ID{
		cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing, cause.PodsNotReadyInNEG, cause.BackendUnhealthy,
		"control/controller-permission-denied",
	},
	Check: checkCluster,
}

// A word is what one condition of a cluster means for load balancers. A fragment of its
// code or message tells it.
type word struct {
	fragment, means, fix string
	// controllers: GKE's controllers can't work; nodes: pods find no place.
	controllers, nodes bool
}

var words = []word{
	{"GKE_SERVICE_ACCOUNT_DELETED", "the account that GKE's controllers act as is gone", "restore the GKE service agent: gcloud services enable container.googleapis.com gives it back", true, false},
	{"IP_SPACE_EXHAUSTED", "there are no addresses left for nodes or pods", "give the cluster more addresses: a further secondary range for pods, or a larger subnet", false, true},
	{"GCE_STOCKOUT", "the zone has no machines left", "use another zone or machine type", false, true},
	{"GCE_QUOTA_EXCEEDED", "a quota for machines is used up", "raise the quota that the condition names", false, true},
	{"NODE_SERVICE_ACCOUNT_MISSING", "the nodes' service account is gone", "restore the nodes' service account, or give the node pool another one", false, true},
	{"CLOUD_KMS_KEY", "the key that encrypts the cluster's Secrets can't be used", "enable the key version and give GKE the right to use it", true, false},
	{"CA_EXPIRING", "the cluster's certificate authority expires", "rotate the cluster's credentials", false, false},
}

func checkCluster(c cause.Case) cause.Outcome {
	cluster, ok := c.Facts.Cluster.Get()
	if !ok || cluster.Status != "ERROR" && cluster.Status != "DEGRADED" {
		return cause.Outcome{}
	}
	unbuilt := c.Has(cause.IngressNotProvisioned) || c.Has(cause.ChangeNotApplied)
	failing := c.Has(cause.BackendUnhealthy) || c.Has(cause.PodsNotReadyInNEG)
	w := wordOf(cluster)
	switch {
	case !unbuilt && !failing:
		return cause.Outcome{}
	case disabled(cluster), unbuilt && otherwiseTold(c, cluster, w):
		return cause.Outcome{}
	case failing && !unbuilt && (!w.nodes || !lacksPlace(c)):
		return cause.Outcome{}
	}
	return cause.Outcome{Findings: []cause.Finding{clusterFinding(c, cluster, w)}}
}

// otherwiseTold: why nothing is built is known without the cluster's state: nobody
// serves the class, the objects are at fault, or the controller says what it lacks. That
// it lacks everything is the state's doing where its account is gone.
func otherwiseTold(c cause.Case, cluster *container.Cluster, w word) bool {
	if c.Target.Kind == facts.KindGateway {
		return channelOf(cluster) == channelDisabled || saysWhy(c) && !w.controllers
	}
	ing, ok := c.Ingress()
	return !ok || !glbc.SurelyServes(c.Facts, ing) || saysWhy(c) && !w.controllers ||
		slices.ContainsFunc(c.Translation().Faults, func(f glbc.Fault) bool { return !f.Warning })
}

// lacksPlace: a pod behind the target waits for a node.
func lacksPlace(c cause.Case) bool {
	for _, b := range c.Backends() {
		pods, _ := glbc.PodsOf(c.Facts, b)
		for _, p := range pods {
			if p.Spec.NodeName == "" && p.DeletionTimestamp == nil {
				return true
			}
		}
	}
	return false
}

func wordOf(cluster *container.Cluster) word {
	for _, w := range words {
		for _, cond := range cluster.Conditions {
			if strings.Contains(cond.Code, w.fragment) || strings.Contains(cond.Message, w.fragment) {
				return w
			}
		}
		if strings.Contains(cluster.StatusMessage, w.fragment) {
			return w
		}
	}
	return word{}
}

func clusterFinding(c cause.Case, cluster *container.Cluster, w word) cause.Finding {
	name := facts.LastSegment(c.Facts.ClusterName)
	f := cause.Finding{
		Subject:    facts.ClusterRef(c.Facts.ClusterName),
		Confidence: cause.Likely,
		Severity:   cause.Blocked,
		Headline:   "Cluster " + name + " is " + cluster.Status + ", so GKE doesn't build or update its load balancers",
		Summary:    "GKE reports the cluster itself as broken; what its controllers and nodes should do waits until that is repaired.",
		Affected:   []facts.Ref{c.Target},
		Hosts:      hostsOf(c),
		Since:      sinceOf(c),
		Explains:   []cause.ID{cause.IngressNotProvisioned, cause.ChangeNotApplied, cause.AddressMissing},
		Impact:     impact(c, nil),
		Evidence:   []cause.Evidence{{Source: "container.clusters.get", Says: "status = " + cluster.Status + conditionsOf(cluster), Link: cause.ClusterLink(c.Facts.ClusterName)}},
		Fix:        clusterFix(c.Facts.ClusterName, w),
	}
	if w.fragment != "" {
		f.Headline = "Cluster " + name + " is " + cluster.Status + ": " + w.means + ", " + clusterEffect(c)
	}
	if w.nodes && lacksPlace(c) {
		f.Explains = append(f.Explains, cause.BackendUnhealthy, cause.PodsNotReadyInNEG)
		f.Severity = max(cause.Degraded, severity(c))
		f.Impact = "what runs keeps serving, with fewer pods"
		f.Confidence = cause.Proven
		f.Evidence = append(f.Evidence, cause.Evidence{Source: "container.pods.list", Says: "pods behind " + c.Target.String() + " wait for a node"})
	}
	if w.controllers {
		f.Explains = append(f.Explains, "control/controller-permission-denied")
		f.Confidence = cause.Proven
	}
	if len(cluster.Conditions) > 0 && silent(c) {
		f.Confidence = cause.Proven
	}
	if op, ok := failedOperation(c); ok {
		f.Evidence = append(f.Evidence, op)
	}
	return f
}

// silent: nobody builds the target, for longer than that takes, and nobody says why,
// though events could be read.
func silent(c cause.Case) bool {
	return c.Facts.Events.Known() && len(c.ControllerErrors()) == 0 &&
		slices.ContainsFunc(c.Symptoms, func(s cause.Symptom) bool { return s.ID == cause.IngressNotProvisioned && s.Pending == "" })
}

func sinceOf(c cause.Case) (at time.Time) {
	for _, s := range c.Symptoms {
		if !s.Since.IsZero() && (at.IsZero() || s.Since.Before(at)) {
			at = s.Since
		}
	}
	return at
}

func clusterEffect(c cause.Case) string {
	switch {
	case c.Has(cause.IngressNotProvisioned):
		return "so " + c.Target.Namespace + "/" + c.Target.Name + " gets no load balancer"
	case c.Has(cause.ChangeNotApplied):
		return "so changes to " + c.Target.Namespace + "/" + c.Target.Name + " don't take effect"
	}
	return "so pods behind " + c.Target.Namespace + "/" + c.Target.Name + " find no node"
}

func conditionsOf(cluster *container.Cluster) string {
	var list []string
	for _, cond := range cluster.Conditions {
		if text := strings.Trim(cmp.Or(cond.Code, cond.CanonicalCode)+": "+cond.Message, ": "); text != "" {
			list = append(list, text)
		}
	}
	if len(list) == 0 && cluster.StatusMessage != "" {
		list = append(list, cluster.StatusMessage)
	}
	if len(list) == 0 {
		return ""
	}
	return ", " + strings.Join(list, "; ")
}

// failedOperation is the newest operation of GKE's on this cluster that failed.
func failedOperation(c cause.Case) (cause.Evidence, bool) {
	operations, _ := c.Facts.Operations.Get()
	var last *container.Operation
	for _, o := range operations {
		about := strings.HasSuffix(o.TargetLink, "/clusters/"+facts.LastSegment(c.Facts.ClusterName)) || strings.Contains(o.TargetLink, "/clusters/"+facts.LastSegment(c.Facts.ClusterName)+"/")
		if about && o.Error != nil && (last == nil || o.EndTime > last.EndTime) {
			last = o
		}
	}
	if last == nil {
		return cause.Evidence{}, false
	}
	return cause.Evidence{Source: string(facts.Operations), Says: last.OperationType + " failed at " + last.EndTime + ": " + last.Error.Message}, true
}

func clusterFix(cluster string, w word) cause.Fix {
	project, location, name := facts.ClusterParts(cluster)
	fix := cause.Fix{
		Summary: "repair what the condition names; GKE then takes the cluster back to RUNNING by itself",
		Commands: []string{
			"gcloud container clusters describe " + name + " --project " + project + " --location " + location + ` --format="yaml(status,statusMessage,conditions)"`,
		},
		Caveat: "recreating the Ingress changes nothing while the cluster is in this state",
	}
	if w.fix != "" {
		fix.Summary = w.fix
	}
	if w.fragment == "GKE_SERVICE_ACCOUNT_DELETED" {
		fix.Summary = "restore the GKE service agent; GKE then takes the cluster back to RUNNING by itself"
		fix.Commands = append([]string{"gcloud services enable container.googleapis.com --project " + project}, fix.Commands...)
	}
	return fix
}
