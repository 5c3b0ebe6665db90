package bigworld

import "testing"

// The names are those that testdata/worlds/external-neg has of the same cluster.
func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		negName("shop", "web", 80):               "k8s1-3f1c9a7e-shop-web-80-1b6d0458",
		negName("argocd", "argocd-server", 80):   "k8s1-3f1c9a7e-argocd-argocd-server-80-7defb8b8",
		frontendName("fr", "shop", "storefront"): "k8s2-fr-ma0ofpm6-shop-storefront-xg5h9bov",
		frontendName("um", "argocd", "argocd"):   "k8s2-um-ma0ofpm6-argocd-argocd-3orgu4uf",
	} {
		if got != want {
			t.Errorf("name = %s, want %s", got, want)
		}
	}
}
