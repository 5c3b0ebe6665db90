package kube

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Every field of the type is filled in, then the object is trimmed: what is left is
// what trim.go's table says, and a field that a later version of the types brings is
// dropped until somebody reads it.
func TestWhatIsKept(t *testing.T) {
	for name, tt := range map[string]struct {
		trim func() any
		want string
	}{
		"Pod": {func() any { o := filled[corev1.Pod](); pod(o); return o }, `
			apiVersion kind
			` + podMeta + `
			` + under("spec", podSpecFields) + `
			status.conditions[].lastProbeTime status.conditions[].lastTransitionTime status.conditions[].message
			status.conditions[].observedGeneration status.conditions[].reason status.conditions[].status status.conditions[].type
			` + under("status.containerStatuses[]", containerStatus) + `
			` + under("status.initContainerStatuses[]", containerStatus) + `
			status.hostIP status.message status.phase status.podIP status.podIPs[].ip status.reason status.startTime`},
		"Deployment": {func() any { o := filled[appsv1.Deployment](); deployment(o); return o }, `
			apiVersion kind
			` + allMeta + `
			spec.minReadySeconds spec.paused spec.progressDeadlineSeconds spec.replicas ` + selectorFields + `
			spec.strategy.rollingUpdate.maxSurge spec.strategy.rollingUpdate.maxUnavailable spec.strategy.type
			` + under("spec.template", strings.Replace(podMeta, "metadata.annotations.sidecar.istio.io/status", "", 1)) + `
			` + under("spec.template.spec", podSpecFields) + `
			status.availableReplicas status.collisionCount status.conditions[].lastTransitionTime status.conditions[].lastUpdateTime
			status.conditions[].message status.conditions[].reason status.conditions[].status status.conditions[].type status.observedGeneration
			status.readyReplicas status.replicas status.terminatingReplicas status.unavailableReplicas status.updatedReplicas`},
		"ReplicaSet": {func() any { o := filled[appsv1.ReplicaSet](); replicaSet(o); return o }, `
			apiVersion kind
			` + allMeta + `
			spec.minReadySeconds spec.replicas ` + selectorFields + `
			` + under("spec.template", strings.Replace(podMeta, "metadata.annotations.sidecar.istio.io/status", "", 1)) + `
			` + under("spec.template.spec", podSpecFields) + `
			status.availableReplicas status.conditions[].lastTransitionTime status.conditions[].message status.conditions[].reason
			status.conditions[].status status.conditions[].type status.fullyLabeledReplicas status.observedGeneration status.readyReplicas
			status.replicas status.terminatingReplicas`},
		"StatefulSet": {func() any { o := filled[appsv1.StatefulSet](); statefulSet(o); return o }, `
			apiVersion kind
			` + allMeta + `
			spec.minReadySeconds spec.podManagementPolicy spec.replicas ` + selectorFields + ` spec.serviceName
			` + under("spec.template", strings.Replace(podMeta, "metadata.annotations.sidecar.istio.io/status", "", 1)) + `
			` + under("spec.template.spec", podSpecFields) + `
			spec.updateStrategy.rollingUpdate.maxUnavailable spec.updateStrategy.rollingUpdate.partition spec.updateStrategy.type
			status.availableReplicas status.collisionCount status.conditions[].lastTransitionTime status.conditions[].message
			status.conditions[].reason status.conditions[].status status.conditions[].type status.currentReplicas status.currentRevision
			status.observedGeneration status.readyReplicas status.replicas status.updateRevision status.updatedReplicas`},
		"Node": {func() any {
			o := filled[corev1.Node]()
			o.Status.Conditions = append(o.Status.Conditions, corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionTrue})
			node(o)
			return o
		}, `
			apiVersion kind
			` + strings.ReplaceAll(allMeta, "metadata.annotations.other metadata.annotations.sidecar.istio.io/status", "") + `
			spec.podCIDR spec.podCIDRs[] spec.providerID spec.taints[].effect spec.taints[].key spec.taints[].timeAdded spec.taints[].value
			spec.unschedulable status.addresses[].address status.addresses[].type
			status.conditions[].status status.conditions[].type
			` + written},
		"Event": {func() any { o := filled[corev1.Event](); event(o); return o }, `
			apiVersion kind count eventTime firstTimestamp lastTimestamp message reason reportingComponent type
			metadata.creationTimestamp metadata.name metadata.namespace metadata.uid
			involvedObject.apiVersion involvedObject.fieldPath involvedObject.kind involvedObject.name involvedObject.namespace
			involvedObject.resourceVersion involvedObject.uid series.count series.lastObservedTime source.component source.host`},
		"metadata of most":                {func() any { return trimmedMeta(nothing) }, allMeta},
		"metadata of Ingress and Service": {func() any { return trimmedMeta(writers) }, allMeta + writtenBy},
		"metadata of ConfigMap":           {func() any { return trimmedMeta(fields) }, allMeta + writtenBy + " metadata.managedFields[].fieldsType metadata.managedFields[].fieldsV1.f:data.f:server.insecure"},
	} {
		t.Run(name, func(t *testing.T) {
			want := strings.Fields(tt.want)
			slices.Sort(want)
			if diff := cmp.Diff(want, fieldsOf(t, tt.trim())); diff != "" {
				t.Errorf("fields (-want +kept):\n%s", diff)
			}
		})
	}
}

const (
	allMeta = `metadata.annotations.other metadata.annotations.sidecar.istio.io/status
		metadata.creationTimestamp metadata.deletionGracePeriodSeconds metadata.deletionTimestamp metadata.finalizers[] metadata.generation
		metadata.labels.x metadata.name metadata.namespace ` + owners + ` metadata.selfLink metadata.uid`
	owners = `metadata.ownerReferences[].apiVersion metadata.ownerReferences[].blockOwnerDeletion metadata.ownerReferences[].controller
		metadata.ownerReferences[].kind metadata.ownerReferences[].name metadata.ownerReferences[].uid`
	writtenBy = ` metadata.managedFields[].manager metadata.managedFields[].operation metadata.managedFields[].subresource metadata.managedFields[].time`
	podMeta   = `metadata.annotations.sidecar.istio.io/status metadata.creationTimestamp metadata.deletionTimestamp
		metadata.labels.x metadata.name metadata.namespace ` + owners + ` metadata.uid`
	selectorFields  = `spec.selector.matchExpressions[].key spec.selector.matchExpressions[].operator spec.selector.matchExpressions[].values[] spec.selector.matchLabels.x`
	containerFields = `name image command[] args[] ports[] env[] envFrom[] readinessProbe livenessProbe startupProbe restartPolicy lifecycle.preStop.sleep.seconds`
	containerStatus = `name ready restartCount started state lastState`
	// written are fields that JSON has even when they are empty.
	written = `status.daemonEndpoints.kubeletEndpoint.Port`
)

var podSpecFields = "hostNetwork nodeName readinessGates[].conditionType terminationGracePeriodSeconds " + under("containers[]", containerFields) + under("initContainers[]", containerFields)

// under puts a path before each of the fields.
func under(path, fields string) string {
	all := strings.Fields(fields)
	for i := range all {
		all[i] = path + "." + all[i]
	}
	return strings.Join(all, " ") + " "
}

func trimmedMeta(keep kept) *networkingv1.Ingress {
	m := filled[networkingv1.Ingress]().ObjectMeta
	meta(&m, keep)
	return &networkingv1.Ingress{ObjectMeta: m}
}

// filled is an object in which every field is set.
func filled[T any, P object[T]]() P {
	o := P(new(T))
	fill(reflect.ValueOf(o).Elem())
	o.SetAnnotations(map[string]string{corev1.LastAppliedConfigAnnotation: "{}", "sidecar.istio.io/status": "{}", "other": "x"})
	return o
}

func fill(v reflect.Value) {
	now := time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC)
	switch p := v.Addr().Interface().(type) {
	case *metav1.Time:
		*p = metav1.NewTime(now)
		return
	case *metav1.MicroTime:
		*p = metav1.NewMicroTime(now)
		return
	case *quantity.Quantity:
		*p = quantity.MustParse("1")
		return
	case *intstr.IntOrString:
		*p = intstr.FromInt32(1)
		return
	case *metav1.FieldsV1:
		p.SetRawString(`{"f:data":{"f:server.insecure":{}}}`)
		return
	}
	switch v.Kind() { //nolint:exhaustive // the rest panics, so that a new one is seen
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 4))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field)
		}
	default:
		panic(fmt.Sprintf("no value for %s", v.Type()))
	}
}

// fieldsOf lists the paths of an object's JSON that hold something.
func fieldsOf(t *testing.T, o any) []string {
	t.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	paths := map[string]bool{}
	walk("", v, paths)
	return slices.Sorted(maps.Keys(paths))
}

// whole are fields that are kept or dropped as they are; what is in them isn't told.
var whole = []string{"env[]", "envFrom[]", "ports[]", "readinessProbe", "livenessProbe", "startupProbe", "state", "lastState"}

func walk(path string, v any, into map[string]bool) {
	if slices.Contains(whole, path[strings.LastIndex(path, ".")+1:]) {
		into[path] = true
		return
	}
	switch v := v.(type) {
	case nil:
	case map[string]any:
		if len(v) == 0 && strings.Contains(path, "f:") {
			into[path] = true
		}
		for k, e := range v {
			walk(strings.TrimPrefix(path+"."+k, "."), e, into)
		}
	case []any:
		for _, e := range v {
			walk(path+"[]", e, into)
		}
	case string:
		if v != "" {
			into[path] = true
		}
	default:
		into[path] = true
	}
}

func TestWhatTheAppSaidIsDropped(t *testing.T) {
	o := filled[corev1.Pod]()
	pod(o)
	for _, s := range slices.Concat(o.Status.InitContainerStatuses, o.Status.ContainerStatuses) {
		for _, state := range []corev1.ContainerState{s.State, s.LastTerminationState} {
			if got := state.Terminated; got.Message != "" || got.Reason == "" || got.ExitCode == 0 || got.FinishedAt.IsZero() {
				t.Errorf("terminated = %+v", got)
			}
			if state.Waiting.Message == "" || state.Running.StartedAt.IsZero() {
				t.Errorf("state = %+v", state)
			}
		}
	}
}

func TestTemplatesAreBlankedAsPodsAre(t *testing.T) {
	d, r, s := filled[appsv1.Deployment](), filled[appsv1.ReplicaSet](), filled[appsv1.StatefulSet]()
	deployment(d)
	replicaSet(r)
	statefulSet(s)
	for _, spec := range []corev1.PodSpec{d.Spec.Template.Spec, r.Spec.Template.Spec, s.Spec.Template.Spec} {
		for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
			if c.Env[0].Value != redacted || c.LivenessProbe.HTTPGet.HTTPHeaders[0].Value != redacted {
				t.Errorf("container = %+v", c)
			}
		}
	}
}
