package kubetest_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"maps"
	"net/http/httptest"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"plumbline/internal/collect/kube"
	"plumbline/internal/facts"
)

// collected is every list of the collector: its kind, what its lack is called, and
// the method.
var collected = []read{
	everywhere("Ingress", facts.Ingresses, (*kube.Cluster).Ingresses),
	everywhere("IngressClass", facts.IngressClasses, (*kube.Cluster).IngressClasses),
	within("Service", facts.Services, (*kube.Cluster).Services),
	within("EndpointSlice", facts.EndpointSlices, (*kube.Cluster).EndpointSlices),
	within("Pod", facts.Pods, (*kube.Cluster).Pods).without("status.containerStatuses.image", "status.containerStatuses.imageID"),
	within("Deployment", facts.Deployments, (*kube.Cluster).Deployments),
	within("ReplicaSet", facts.ReplicaSets, (*kube.Cluster).ReplicaSets),
	within("StatefulSet", facts.StatefulSets, (*kube.Cluster).StatefulSets),
	everywhere("Node", facts.Nodes, (*kube.Cluster).Nodes),
	within("Event", facts.Events, (*kube.Cluster).Events),
	within("NetworkPolicy", facts.NetworkPolicies, (*kube.Cluster).NetworkPolicies),

	within("BackendConfig", facts.BackendConfigs, (*kube.Cluster).BackendConfigs).custom(),
	within("FrontendConfig", facts.FrontendConfigs, (*kube.Cluster).FrontendConfigs).custom(),
	within("ManagedCertificate", facts.ManagedCertificates, (*kube.Cluster).ManagedCertificates).custom(),
	within("ServiceNetworkEndpointGroup", facts.ThirdPartyObjects, (*kube.Cluster).ServiceNEGs).custom(),
	everywhere("GatewayClass", facts.ThirdPartyObjects, (*kube.Cluster).GatewayClasses).custom(),
	everywhere("Gateway", facts.ThirdPartyObjects, (*kube.Cluster).Gateways).custom(),
	everywhere("HTTPRoute", facts.ThirdPartyObjects, (*kube.Cluster).HTTPRoutes).custom(),
	everywhere("ReferenceGrant", facts.ThirdPartyObjects, (*kube.Cluster).ReferenceGrants).custom(),
	within("GCPBackendPolicy", facts.ThirdPartyObjects, (*kube.Cluster).GCPBackendPolicies).custom(),
	within("HealthCheckPolicy", facts.ThirdPartyObjects, (*kube.Cluster).HealthCheckPolicies).custom(),
	within("GCPGatewayPolicy", facts.ThirdPartyObjects, (*kube.Cluster).GCPGatewayPolicies).custom(),
	everywhere("PeerAuthentication", facts.ThirdPartyObjects, (*kube.Cluster).PeerAuthentications).custom(),
}

// A read is one list of the collector.
type read struct {
	kind  string
	needs facts.Kind
	// method is the collector's, by name.
	method string
	// dropped are the fields that the collector doesn't keep.
	dropped []string
	// ofCRD is set for a resource that a cluster may lack.
	ofCRD bool
	// namespaced reads can be confined to one namespace.
	namespaced bool
	list       func(ctx context.Context, c *kube.Cluster, namespace string) outcome
}

// An outcome is a Value of a list, its objects by namespace/name.
type outcome struct {
	objects map[string]metav1.Object
	absent  bool
	err     error
}

// everywhere is a read of all namespaces.
func everywhere[T metav1.Object](kind string, needs facts.Kind, list func(*kube.Cluster, context.Context) facts.Value[[]T]) read {
	return read{kind: kind, needs: needs, method: methodOf(list), list: func(ctx context.Context, c *kube.Cluster, _ string) outcome {
		return outcomeOf(list(c, ctx))
	}}
}

// within is a read of one namespace or of all.
func within[T metav1.Object](kind string, needs facts.Kind, list func(*kube.Cluster, context.Context, string) facts.Value[[]T]) read {
	return read{kind: kind, needs: needs, method: methodOf(list), namespaced: true, list: func(ctx context.Context, c *kube.Cluster, namespace string) outcome {
		return outcomeOf(list(c, ctx, namespace))
	}}
}

// methodOf is the name of a method expression.
func methodOf(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	return name[strings.LastIndex(name, ".")+1:]
}

// notLists are the collector's methods that are tried by tests of their own.
var notLists = []string{"UID", "ConfigMap"}

func TestEveryReadOfTheCollectorIsTried(t *testing.T) {
	var tried, there []string
	for _, r := range collected {
		tried = append(tried, r.method)
	}
	tried = append(tried, notLists...)
	for method := range reflect.TypeFor[*kube.Cluster]().Methods() {
		there = append(there, method.Name)
	}
	slices.Sort(tried)
	slices.Sort(there)
	if diff := cmp.Diff(there, tried); diff != "" {
		t.Errorf("reads (-collector +collected, the table above):\n%s", diff)
	}
}

// custom marks a read of a resource that comes with a CRD.
func (r read) custom() read {
	r.ofCRD = true
	return r
}

// without names fields that the collector doesn't keep, as paths that lead through
// lists.
func (r read) without(fields ...string) read {
	r.dropped = fields
	return r
}

func outcomeOf[T metav1.Object](v facts.Value[[]T]) outcome {
	o := outcome{absent: v.IsAbsent(), err: v.Err()}
	if list, ok := v.Get(); ok {
		o.objects = map[string]metav1.Object{}
		for _, object := range list {
			o.objects[key(object)] = object
		}
	}
	return o
}

// key is namespace/name.
func key[T metav1.Object](o T) string { return o.GetNamespace() + "/" + o.GetName() }

func (c *cluster) customResourcesAreAbsent(t *testing.T) {
	collector := c.collector(t, reader, c.world)
	tried := 0
	for _, r := range collected {
		if !r.ofCRD {
			continue
		}
		tried++
		if got := r.list(t.Context(), collector, ""); !got.absent {
			t.Errorf("%s: %v, %v, want absent", r.kind, got.objects, got.err)
		}
	}
	if tried == 0 {
		t.Error("no read of a custom resource was tried")
	}
	// Without a role the same is not absent but unknown: 403 comes before 404.
	nobody := c.collector(t, stranger, c.world)
	for _, r := range collected {
		if r.ofCRD {
			wantGap(t, r, r.list(t.Context(), nobody, ""))
		}
	}
}

func (c *cluster) readsFind(t *testing.T) {
	collector, ctx := c.collector(t, reader, c.world), t.Context()
	for _, r := range collected {
		t.Run(r.kind, func(t *testing.T) {
			want := c.ofKind(r.kind)
			if len(want) == 0 {
				t.Fatal("the cluster holds none: add one to testdata/objects.yaml")
			}
			c.compare(t, r, want, r.list(ctx, collector, ""))
			if !r.namespaced {
				return
			}
			for _, namespace := range c.namespaces() {
				there := maps.Clone(want)
				maps.DeleteFunc(there, func(_ string, o *unstructured.Unstructured) bool { return o.GetNamespace() != namespace })
				c.compare(t, r, there, r.list(ctx, collector, namespace))
			}
		})
	}
	t.Run("the cluster's UID", func(t *testing.T) { c.uidIsFound(t, collector) })
	t.Run("ConfigMap", func(t *testing.T) { c.configMapsAreFound(t, collector) })
}

// compare fails unless the same objects were read as were loaded, and each is what
// was loaded: what the server adds may be there too.
func (c *cluster) compare(t *testing.T, r read, want map[string]*unstructured.Unstructured, got outcome) {
	t.Helper()
	if got.objects == nil {
		t.Fatalf("not found: absent %t, %v", got.absent, got.err)
	}
	maps.DeleteFunc(got.objects, ofTheServer)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got.objects))); diff != "" {
		t.Errorf("objects (-loaded +read):\n%s", diff)
	}
	for name, loaded := range want {
		object, ok := got.objects[name]
		if !ok {
			continue // already complained of
		}
		fields := plain(t, loaded.Object)
		for _, path := range r.dropped {
			remove(fields, strings.Split(path, "."))
		}
		for _, part := range []string{"spec", "status", "data"} {
			if lacking := lacks(fields[part], plain(t, object)[part]); lacking != "" {
				t.Errorf("%s: %s%s", name, part, lacking)
			}
		}
		if diff := cmp.Diff(loaded.GetAnnotations(), object.GetAnnotations()); diff != "" {
			t.Errorf("annotations of %s (-loaded +read):\n%s", name, diff)
		}
		if diff := cmp.Diff(withoutTopology(loaded), withoutTopology(object), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("labels of %s (-loaded +read):\n%s", name, diff)
		}
	}
}

// ofTheServer tells the objects that an API server makes by itself: in the namespace
// default, and the events of the controllers in it that look after the addresses of
// Services.
func ofTheServer(name string, object metav1.Object) bool {
	event, ok := object.(*corev1.Event)
	return strings.HasPrefix(name, "default/") || ok && strings.HasSuffix(event.ReportingController, "-repair-controller")
}

func (c *cluster) uidIsFound(t *testing.T, collector *kube.Cluster) {
	t.Helper()
	if uid, ok := collector.UID(t.Context()).Get(); !ok || uid != uidOf(t, c.objects) {
		t.Errorf("UID = %q, %t, want %q", uid, ok, uidOf(t, c.objects))
	}
}

func (c *cluster) configMapsAreFound(t *testing.T, collector *kube.Cluster) {
	t.Helper()
	loaded := c.ofKind("ConfigMap")
	if len(loaded) == 0 {
		t.Fatal("the cluster holds none")
	}
	for name, want := range loaded {
		got, ok := collector.ConfigMap(t.Context(), name).Get()
		if !ok {
			t.Fatalf("%s isn't found: %v", name, collector.ConfigMap(t.Context(), name).Err())
		}
		data, _, _ := unstructured.NestedStringMap(want.Object, "data")
		if diff := cmp.Diff(data, got.Data); diff != "" {
			t.Errorf("%s (-loaded +read):\n%s", name, diff)
		}
	}
	if v := collector.ConfigMap(t.Context(), "shop/nosuch"); !v.IsAbsent() {
		t.Errorf("a ConfigMap that isn't there: %v, want absent", v.Err())
	}
}

// withoutTopology are the labels less those that an API server gives a pod when it is
// bound to a node (since Kubernetes 1.35).
func withoutTopology(o metav1.Object) map[string]string {
	labels := maps.Clone(o.GetLabels())
	if _, ok := labels["pod-template-hash"]; ok {
		delete(labels, "topology.kubernetes.io/region")
		delete(labels, "topology.kubernetes.io/zone")
	}
	return labels
}

func (c *cluster) readsByAddress(t *testing.T) {
	at := c.byAddress()
	collector := c.collector(t, reader, at)
	for _, r := range collected {
		c.compare(t, r, c.ofKind(r.kind), r.list(t.Context(), collector, ""))
	}
	// Without the cluster's authority nothing is asked: the address proves nothing.
	at.MasterAuth.ClusterCaCertificate = foreignCA(t)
	got := collected[0].list(t.Context(), c.collector(t, reader, at), "")
	var failed *facts.Error
	if !errors.As(got.err, &failed) || failed.Needs != "kubernetes/main" || failed.Status != "certificate not trusted" {
		t.Errorf("with another authority: %v, want the gap kubernetes/main: certificate not trusted", got.err)
	}
}

// foreignCA is a certificate authority that signed nothing here, as clusters.get
// names it.
func foreignCA(t *testing.T) string {
	t.Helper()
	other := httptest.NewUnstartedServer(nil)
	other.StartTLS()
	t.Cleanup(other.Close)
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Certificate().Raw}))
}

func (c *cluster) readsOfAStrangerAreGaps(t *testing.T) {
	nobody, ctx := c.collector(t, stranger, c.world), t.Context()
	for _, r := range collected {
		wantGap(t, r, r.list(ctx, nobody, ""))
		if r.namespaced {
			wantGap(t, r, r.list(ctx, nobody, "shop"))
		}
	}
	uid := nobody.UID(ctx)
	wantGap(t, read{kind: "the cluster's UID", needs: facts.Namespaces}, outcome{absent: uid.IsAbsent(), err: uid.Err()})
	settings := nobody.ConfigMap(ctx, "argocd/argocd-cmd-params-cm")
	wantGap(t, read{kind: "ConfigMap", needs: facts.ConfigMaps}, outcome{absent: settings.IsAbsent(), err: settings.Err()})
}

// wantGap fails unless a read was refused, and says so by its permission.
func wantGap(t *testing.T, r read, got outcome) {
	t.Helper()
	var failed *facts.Error
	if !errors.As(got.err, &failed) || got.absent || got.objects != nil {
		t.Errorf("%s: %v, absent %t, %v, want a gap", r.kind, got.objects, got.absent, got.err)
		return
	}
	if failed.Needs != string(r.needs) || failed.Status != "403 PERMISSION_DENIED" {
		t.Errorf("%s: the gap is %s: %s, want %s: 403 PERMISSION_DENIED", r.kind, failed.Needs, failed.Status, r.needs)
	}
}
