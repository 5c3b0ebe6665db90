package fakecloud

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

func gvr(group, version, resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: group, Version: version, Resource: resource}
}

func podsGVR() schema.GroupVersionResource { return gvr("", "v1", "pods") }

func names(list *unstructured.UnstructuredList) []string {
	var all []string
	for _, o := range list.Items {
		all = append(all, o.GetNamespace()+"/"+o.GetName())
	}
	return all
}

func TestKubernetesLists(t *testing.T) {
	c := start(t, shop(t), Options{})
	client := kubeClient(t, c)
	for name, row := range map[string]struct {
		resource  schema.GroupVersionResource
		namespace string
		options   metav1.ListOptions
		want      []string
	}{
		"all namespaces":       {podsGVR(), "", metav1.ListOptions{}, []string{"argocd/argocd-server-0", "shop/pending-1", "shop/web-1", "shop/web-2"}},
		"one namespace":        {podsGVR(), "shop", metav1.ListOptions{}, []string{"shop/pending-1", "shop/web-1", "shop/web-2"}},
		"no such namespace":    {podsGVR(), "gone", metav1.ListOptions{}, nil},
		"a label":              {podsGVR(), "", metav1.ListOptions{LabelSelector: "app in (web, argocd),!retired"}, []string{"argocd/argocd-server-0", "shop/web-1", "shop/web-2"}},
		"a name":               {podsGVR(), "shop", metav1.ListOptions{FieldSelector: "metadata.name=web-2"}, []string{"shop/web-2"}},
		"two fields":           {podsGVR(), "", metav1.ListOptions{FieldSelector: "metadata.namespace!=argocd,status.phase=Running"}, []string{"shop/web-1", "shop/web-2"}},
		"a built-in, none":     {gvr("discovery.k8s.io", "v1", "endpointslices"), "", metav1.ListOptions{}, nil},
		"a cluster's own":      {gvr("", "v1", "namespaces"), "", metav1.ListOptions{}, []string{"/shop"}},
		"ingresses":            {gvr("networking.k8s.io", "v1", "ingresses"), "", metav1.ListOptions{}, []string{"argocd/argocd"}},
		"network policies":     {gvr("networking.k8s.io", "v1", "networkpolicies"), "shop", metav1.ListOptions{}, []string{"shop/closed"}},
		"gateways":             {gvr("gateway.networking.k8s.io", "v1", "gateways"), "", metav1.ListOptions{}, []string{"shop/edge"}},
		"a defined CRD, none":  {gvr("acme.example", "v1", "meshes"), "", metav1.ListOptions{}, nil},
		"events of an object":  {gvr("", "v1", "events"), "shop", metav1.ListOptions{FieldSelector: "involvedObject.kind=Pod,involvedObject.name=web-1"}, []string{"shop/web-1.a"}},
		"events with a reason": {gvr("", "v1", "events"), "", metav1.ListOptions{FieldSelector: "reason=LoadBalancerNegTimeout"}, []string{"shop/web-1.a"}},
	} {
		list, err := client.Resource(row.resource).Namespace(row.namespace).List(t.Context(), row.options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := names(list); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
		for _, o := range list.Items {
			if o.GetKind() == "" || o.GetAPIVersion() == "" || o.GetResourceVersion() == "" {
				t.Errorf("%s: item %s lacks kind, apiVersion or resourceVersion: %v", name, o.GetName(), o.Object)
			}
		}
	}
}

func TestKubernetesListPages(t *testing.T) {
	c := start(t, shop(t), Options{})
	pods := kubeClient(t, c).Resource(podsGVR())
	first, err := pods.List(t.Context(), metav1.ListOptions{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	if first.GetContinue() == "" || *first.GetRemainingItemCount() != 1 || first.GetResourceVersion() == "" {
		t.Errorf("first page: %v", first.Object)
	}
	second, err := pods.List(t.Context(), metav1.ListOptions{Limit: 3, Continue: first.GetContinue()})
	if err != nil || second.GetContinue() != "" {
		t.Fatalf("second page: %v, %v", second, err)
	}
	if got := append(names(first), names(second)...); !slices.Equal(got, []string{"argocd/argocd-server-0", "shop/pending-1", "shop/web-1", "shop/web-2"}) {
		t.Errorf("pages: %v", got)
	}
	if selected, err := pods.List(t.Context(), metav1.ListOptions{Limit: 1, LabelSelector: "app=web"}); err != nil || selected.GetRemainingItemCount() != nil {
		t.Errorf("a selected page counts what remains: %v, %v", selected, err)
	}
	if _, err := pods.List(t.Context(), metav1.ListOptions{Continue: "bm9uc2Vuc2U"}); !apierrors.IsBadRequest(err) {
		t.Errorf("a made-up token: %v", err)
	}
	c.SetWorld(shop(t))
	if _, err := pods.List(t.Context(), metav1.ListOptions{Limit: 3, Continue: first.GetContinue()}); !apierrors.IsResourceExpired(err) {
		t.Errorf("a token of an earlier world: %v", err)
	}
}

func TestKubernetesGet(t *testing.T) {
	c := start(t, shop(t), Options{})
	client := kubeClient(t, c)
	pod, err := client.Resource(podsGVR()).Namespace("shop").Get(t.Context(), "web-1", metav1.GetOptions{})
	if err != nil || pod.GetKind() != "Pod" || pod.GetResourceVersion() != "77" {
		t.Errorf("pod: %v, %v", pod, err)
	}
	_, err = client.Resource(gvr("networking.k8s.io", "v1", "ingresses")).Namespace("shop").Get(t.Context(), "gone", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) || err.Error() != `ingresses.networking.k8s.io "gone" not found` {
		t.Errorf("an absent ingress: %v", err)
	}
}

func TestKubernetesRefusesAsAnAPIServerDoes(t *testing.T) {
	c := start(t, shop(t), Options{})
	client := kubeClient(t, c)
	for name, row := range map[string]struct {
		resource schema.GroupVersionResource
		options  metav1.ListOptions
		is       func(error) bool
		says     string
	}{
		"a CRD that isn't there":     {gvr("networking.gke.io", "v1", "managedcertificates"), metav1.ListOptions{}, apierrors.IsNotFound, "the server could not find the requested resource"},
		"a version that isn't there": {gvr("networking.k8s.io", "v1beta1", "ingresses"), metav1.ListOptions{}, apierrors.IsNotFound, "the server could not find the requested resource"},
		"an unserved CRD version":    {gvr("acme.example", "v1alpha1", "meshes"), metav1.ListOptions{}, apierrors.IsNotFound, "the server could not find the requested resource"},
		"a field":                    {podsGVR(), metav1.ListOptions{FieldSelector: "spec.priority=1"}, apierrors.IsBadRequest, "field label not supported: spec.priority"},
		"a namespace of a node":      {gvr("", "v1", "nodes"), metav1.ListOptions{FieldSelector: "metadata.namespace=shop"}, apierrors.IsBadRequest, "metadata.namespace"},
		"a label":                    {podsGVR(), metav1.ListOptions{LabelSelector: "app in web"}, apierrors.IsBadRequest, "unable to parse requirement"},
		"a resource version":         {podsGVR(), metav1.ListOptions{ResourceVersion: "new"}, apierrors.IsBadRequest, "new"},
		"secrets":                    {gvr("", "v1", "secrets"), metav1.ListOptions{}, apierrors.IsForbidden, `requires one of ["container.secrets.list"]`},
	} {
		_, err := client.Resource(row.resource).List(t.Context(), row.options)
		if !row.is(err) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := client.Resource(podsGVR()).Namespace("shop").Delete(t.Context(), "web-1", metav1.DeleteOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `requires one of ["container.pods.delete"]`) {
		t.Errorf("a write: %v", err)
	}
	if _, err = client.Resource(podsGVR()).Watch(t.Context(), metav1.ListOptions{}); !apierrors.IsMethodNotSupported(err) {
		t.Errorf("a watch: %v", err)
	}
}

func TestKubernetesNeedsAToken(t *testing.T) {
	c := start(t, shop(t), Options{})
	config := kubeConfig(t, c, mainCluster)
	config.BearerToken = ""
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Resource(podsGVR()).List(t.Context(), metav1.ListOptions{}); !apierrors.IsUnauthorized(err) {
		t.Errorf("without token: %v", err)
	}
	plain, base := plainClient(t, c, mainCluster)
	answer, body := get(t, plain, base+"/api/v1/pods", http.Header{"Authorization": {"Basic dXNlcjpwYXNz"}})
	if answer.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `"reason":"Unauthorized"`) {
		t.Errorf("with a password: %d %s", answer.StatusCode, body)
	}
}

func TestKubernetesPermissions(t *testing.T) {
	w := shop(t)
	w.Deny = []string{"container.ingresses.list", "container.thirdPartyObjects.list", "container.configmaps.list", "container.namespaces.list"}
	w.Fail = map[string]int{"container.services.list": 500}
	c := start(t, w, Options{})
	client := kubeClient(t, c)
	for _, row := range []struct {
		resource             schema.GroupVersionResource
		namespace, name, say string
	}{
		{
			gvr("networking.k8s.io", "v1", "ingresses"), "", "",
			`ingresses.networking.k8s.io is forbidden: User "plumbline@shop-prod.iam.gserviceaccount.com" cannot list resource "ingresses" in API group "networking.k8s.io" at the cluster scope: requires one of ["container.ingresses.list"] permission(s).`,
		},
		{
			gvr("networking.k8s.io", "v1", "ingresses"), "argocd", "argocd",
			`ingresses.networking.k8s.io "argocd" is forbidden: User "plumbline@shop-prod.iam.gserviceaccount.com" cannot get resource "ingresses" in API group "networking.k8s.io" in the namespace "argocd": requires one of ["container.ingresses.list"] permission(s).`,
		},
		{gvr("gateway.networking.k8s.io", "v1", "gateways"), "", "", `requires one of ["container.thirdPartyObjects.list"]`},
		{gvr("networking.gke.io", "v1beta1", "frontends"), "", "", `requires one of ["container.thirdPartyObjects.list"]`},
		{gvr("", "v1", "configmaps"), "argocd", "", `in the namespace "argocd": requires one of ["container.configMaps.list"]`},
		{gvr("", "v1", "namespaces"), "", "kube-system", `requires one of ["container.namespaces.list"]`},
	} {
		var err error
		if row.name == "" {
			_, err = client.Resource(row.resource).Namespace(row.namespace).List(t.Context(), metav1.ListOptions{})
		} else {
			_, err = client.Resource(row.resource).Namespace(row.namespace).Get(t.Context(), row.name, metav1.GetOptions{})
		}
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), row.say) {
			t.Errorf("%s: %v\nwant %s", row.resource.Resource, err, row.say)
		}
	}
	if list, err := client.Resource(gvr("cloud.google.com", "v1", "backendconfigs")).List(t.Context(), metav1.ListOptions{}); err != nil || len(list.Items) != 1 {
		t.Errorf("backendconfigs have a permission of their own: %v", err)
	}
	for range 2 {
		if _, err := client.Resource(gvr("", "v1", "services")).List(t.Context(), metav1.ListOptions{}); !apierrors.IsInternalError(err) {
			t.Errorf("a failing list: %v", err)
		}
	}
	last := c.Requests()[len(c.Requests())-1]
	if last.Permission != "container.services.list" || last.Path != "/api/v1/services" || !strings.HasPrefix(last.Host, "192.0.2.") || last.Method != "GET" {
		t.Errorf("last request: %+v", last)
	}
}
