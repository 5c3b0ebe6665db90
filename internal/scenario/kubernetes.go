package scenario

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	extensionsv1beta1 "k8s.io/api/extensions/v1beta1"
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	sigsjson "sigs.k8s.io/json"
)

// builtIn knows the kinds that Kubernetes itself serves; all others are CRDs to
// a scenario.
var builtIn = sync.OnceValues(func() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	add := runtime.NewSchemeBuilder(
		admissionregistrationv1.AddToScheme, appsv1.AddToScheme, autoscalingv1.AddToScheme, autoscalingv2.AddToScheme,
		batchv1.AddToScheme, certificatesv1.AddToScheme, coordinationv1.AddToScheme, corev1.AddToScheme,
		discoveryv1.AddToScheme, eventsv1.AddToScheme, extensionsv1beta1.AddToScheme, networkingv1.AddToScheme,
		networkingv1beta1.AddToScheme, policyv1.AddToScheme, rbacv1.AddToScheme, schedulingv1.AddToScheme, storagev1.AddToScheme,
	)
	return s, add.AddToScheme(s)
})

// An identity is what makes two Kubernetes documents the same object.
type identity struct {
	cluster, apiVersion, kind, namespace, name string
}

func (id identity) key() string {
	return strings.Join([]string{"kubernetes", id.cluster, id.apiVersion, id.kind, id.namespace, id.name}, "\x00")
}

func (id identity) String() string {
	if id.namespace == "" {
		return id.kind + "/" + id.name
	}
	return id.kind + "/" + id.namespace + "/" + id.name
}

// manifests reads all documents of a member; a List becomes its items.
func (l *loader) manifests(m *member, s slot, on *layer) []*document {
	var out []*document
	start := 1
	for _, text := range splitYAML(m.data) {
		if d, ok := l.readYAML(m, text, start, on); ok && string(d.body) != "null" {
			out = append(out, l.identified(d, s)...)
		}
		start += bytes.Count(text, []byte("\n"))
	}
	return out
}

// splitYAML cuts a stream at its `---` and `...` lines. A cut keeps its line, so
// that the texts' lines add up; what follows `--- ` stays, the dashes don't.
func splitYAML(data []byte) [][]byte {
	var texts [][]byte
	var text []byte
	for line := range bytes.Lines(data) {
		mark := bytes.TrimRight(line, " \t\r\n")
		switch {
		case bytes.Equal(mark, []byte("---")) || bytes.Equal(mark, []byte("...")):
			texts, text = append(texts, text), []byte("\n")
		case bytes.HasPrefix(line, []byte("--- ")) || bytes.HasPrefix(line, []byte("---\t")):
			texts, text = append(texts, text), append([]byte("   "), line[3:]...)
		default:
			text = append(text, line...)
		}
	}
	return append(texts, text)
}

// identified gives a document its identity; items of a List each become one.
func (l *loader) identified(d *document, s slot) []*document {
	if !isObject(d.body) {
		l.errorf(d.place(""), "", "not a Kubernetes object: neither apiVersion nor kind")
		return nil
	}
	var head struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Metadata   map[string]any    `json:"metadata"`
		Items      []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(d.body, &head); err != nil {
		l.errorf(d.place(""), "", "not a Kubernetes object: %v", err)
		return nil
	}
	if head.APIVersion == "" || head.Kind == "" {
		l.errorf(d.place(""), "kind", "not a Kubernetes object: apiVersion and kind are needed")
		return nil
	}
	if strings.HasSuffix(head.Kind, "List") && head.Metadata["name"] == nil {
		return l.listItems(d, s, head.APIVersion, strings.TrimSuffix(head.Kind, "List"), head.Items)
	}
	name, _ := head.Metadata["name"].(string)
	if name == "" {
		l.errorf(d.place("metadata"), "metadata.name", "%s without metadata.name", head.Kind)
		return nil
	}
	namespace, _ := head.Metadata["namespace"].(string)
	d.slot = s
	d.id = identity{cluster: s.cluster, apiVersion: head.APIVersion, kind: head.Kind, namespace: namespace, name: name}
	d.key = d.id.key()
	return []*document{d}
}

// listItems cuts a List; the items of a PodList and the like don't name their kind.
func (l *loader) listItems(d *document, s slot, apiVersion, kind string, items []json.RawMessage) []*document {
	var out []*document
	for i, item := range items {
		from := d.sources[0]
		whole := from.marks
		from.marks = sync.OnceValue(func() marks { return whole().under(indexPath("items", i)) })
		body := []byte(item)
		if kind != "" && isObject(body) {
			typed, err := typedItem(body, apiVersion, kind)
			if err != nil {
				l.errorf(from.at(0), "", "not a Kubernetes object: %v", err)
				continue
			}
			body = typed
		}
		out = append(out, l.identified(&document{body: body, sources: []source{from}}, s)...)
	}
	return out
}

func typedItem(body []byte, apiVersion, kind string) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	for key, value := range map[string]string{"apiVersion": apiVersion, "kind": kind} {
		if _, ok := fields[key]; !ok {
			fields[key], _ = json.Marshal(value)
		}
	}
	return json.Marshal(fields)
}

// object checks a Kubernetes object against the vendor's type, where there is
// one, and gives it a UID where it has none.
func (l *loader) object(d *document) (*unstructured.Unstructured, bool) {
	body, ok := l.typed(d)
	if !ok {
		return nil, false
	}
	u := &unstructured.Unstructured{}
	if err := sigsjson.UnmarshalCaseSensitivePreserveInts(body, &u.Object); err != nil {
		l.errorf(d.place(""), "", "not a Kubernetes object: %v", err)
		return nil, false
	}
	if u.GetUID() == "" {
		if err := unstructured.SetNestedField(u.Object, string(uidOf(d.key)), "metadata", "uid"); err != nil {
			l.errorf(d.place("metadata"), "metadata", "not an object's metadata: %v", err)
			return nil, false
		}
	}
	return u, true
}

func (l *loader) typed(d *document) ([]byte, bool) {
	scheme, err := builtIn()
	if err != nil {
		l.errorf(d.place(""), "", "knowing the kinds of Kubernetes: %v", err)
		return nil, false
	}
	version, err := schema.ParseGroupVersion(d.id.apiVersion)
	if err != nil {
		l.errorf(d.place("apiVersion"), "apiVersion", "%v", err)
		return nil, false
	}
	kind := version.WithKind(d.id.kind)
	if !scheme.Recognizes(kind) {
		return d.body, l.foreign(d, scheme, kind)
	}
	return l.strict(d, d.id.apiVersion+" "+d.id.kind, l.options.Lenient, intoStruct(func() any {
		into, err := scheme.New(kind)
		if err != nil {
			return &struct{}{}
		}
		return into
	}))
}

// foreign judges a kind that isn't built in. In a version of a group that is, it
// is a slip; in another version the API server wouldn't have it.
func (l *loader) foreign(d *document, scheme *runtime.Scheme, kind schema.GroupVersionKind) bool {
	switch {
	case scheme.IsVersionRegistered(kind.GroupVersion()):
		l.errorf(d.place("kind"), "kind", "%s has no kind %q", d.id.apiVersion, d.id.kind)
		return false
	case scheme.IsGroupRegistered(kind.Group):
		l.warnf(d.place("apiVersion"), "apiVersion", "%s of %s isn't a version this format knows: its fields weren't checked", d.id.apiVersion, d.id.kind)
	}
	return true
}

// uidOf is a UID that is the same in every run.
func uidOf(key string) types.UID {
	h := sha256.Sum256([]byte(key))
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return types.UID(fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16]))
}
