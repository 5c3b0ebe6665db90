package kubetest_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline/internal/kubetest"
)

const (
	root = "../../"
	// project takes the place of PROJECT in the manifests.
	project = "shop-prod"
	reader  = "plumbline@" + project + ".iam.gserviceaccount.com"
)

var (
	getAndList = []string{"get", "list"}
	// reads is all that the collector may do, by group/resource.
	reads = map[string][]string{
		"/configmaps": {"get"},
		"/events":     getAndList, "/namespaces": getAndList, "/nodes": getAndList, "/pods": getAndList, "/services": getAndList,

		"apps/daemonsets": getAndList, "apps/deployments": getAndList, "apps/replicasets": getAndList, "apps/statefulsets": getAndList,

		"discovery.k8s.io/endpointslices": getAndList,

		"networking.k8s.io/ingresses": getAndList, "networking.k8s.io/ingressclasses": getAndList,
		"networking.k8s.io/networkpolicies": getAndList,

		"cloud.google.com/backendconfigs":                getAndList,
		"networking.gke.io/frontendconfigs":              getAndList,
		"networking.gke.io/managedcertificates":          getAndList,
		"networking.gke.io/servicenetworkendpointgroups": getAndList,
		"networking.gke.io/gcpbackendpolicies":           getAndList,
		"networking.gke.io/gcpgatewaypolicies":           getAndList,
		"networking.gke.io/healthcheckpolicies":          getAndList,
		"gateway.networking.k8s.io/gatewayclasses":       getAndList,
		"gateway.networking.k8s.io/gateways":             getAndList,
		"gateway.networking.k8s.io/httproutes":           getAndList,
		"gateway.networking.k8s.io/referencegrants":      getAndList,
		"security.istio.io/peerauthentications":          getAndList,
	}
	// probes is what the active probe may do besides.
	probes = map[string][]string{"/pods/proxy": {"get"}}
)

func TestTheRolesGrantWhatIsReadAndNothingElse(t *testing.T) {
	for file, want := range map[string]map[string][]string{"rbac.yaml": reads, "rbac-probe.yaml": probes} {
		t.Run(file, func(t *testing.T) {
			role, binding := roleOf(t, deployed(t, file))
			got := map[string][]string{}
			for _, rule := range role.Rules {
				if len(rule.NonResourceURLs) > 0 || len(rule.ResourceNames) > 0 {
					t.Errorf("rule %v is about more than resources", rule)
				}
				for _, group := range rule.APIGroups {
					for _, resource := range rule.Resources {
						got[group+"/"+resource] = append(got[group+"/"+resource], rule.Verbs...)
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("granted (-needed +%s):\n%s", file, diff)
			}
			if role.AggregationRule != nil {
				t.Error("the role takes in the rules of others")
			}
			if binding.RoleRef.Kind != "ClusterRole" || binding.RoleRef.Name != role.Name {
				t.Errorf("the binding is to %v, want %s", binding.RoleRef, role.Name)
			}
			subject := rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: reader}
			if diff := cmp.Diff([]rbacv1.Subject{subject}, binding.Subjects); diff != "" {
				t.Errorf("bound to (-want +got):\n%s", diff)
			}
		})
	}
}

// deployed reads a file of deploy/kubernetes, with the project put in as its head
// says.
func deployed(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(root + "deploy/kubernetes/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return manifests(t, []byte(strings.ReplaceAll(string(text), "PROJECT", project)))
}

func manifests(t *testing.T, text []byte) []*unstructured.Unstructured {
	t.Helper()
	objects, err := kubetest.Manifests(text)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func manifestFile(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return manifests(t, text)
}

// roleOf decodes a file that holds one ClusterRole and one binding.
func roleOf(t *testing.T, objects []*unstructured.Unstructured) (role rbacv1.ClusterRole, binding rbacv1.ClusterRoleBinding) {
	t.Helper()
	byKind := map[string]any{"ClusterRole": &role, "ClusterRoleBinding": &binding}
	for _, o := range objects {
		into, ok := byKind[o.GetKind()]
		if !ok {
			t.Fatalf("%s %s: not one of the two kinds, or there are several", o.GetKind(), o.GetName())
		}
		delete(byKind, o.GetKind())
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, into, true); err != nil {
			t.Fatal(err)
		}
	}
	if len(byKind) > 0 {
		t.Fatalf("missing: %v", slices.Collect(maps.Keys(byKind)))
	}
	return role, binding
}

// What the README tells people to type is what the files tell, and what the tests do.
func TestTheReadmeAppliesTheRoles(t *testing.T) {
	const command = "sed 's/PROJECT/" + project + "/' deploy/kubernetes/rbac.yaml | kubectl apply -f -"
	for _, file := range []string{"README.md", "deploy/kubernetes/rbac.yaml"} {
		text, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), command) {
			t.Errorf("%s doesn't say %s", file, command)
		}
	}
}
