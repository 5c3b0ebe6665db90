package ingress

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

// foreignPrefixes begin the annotations of other controllers.
var foreignPrefixes = []string{
	"nginx.ingress.kubernetes.io/", "nginx.org/", "haproxy.org/", "haproxy-ingress.github.io/", "traefik.ingress.kubernetes.io/",
	"konghq.com/", "alb.ingress.kubernetes.io/", "appgw.ingress.kubernetes.io/", "ingress.kubernetes.io/",
}

// An ignored is an annotation of another controller, and what the load balancer does in
// its place.
type ignored struct {
	// key is the whole annotation, name what follows the prefix.
	key, name, value string
	// effect ends the headline; live is the evidence, of source.
	effect, live, source string
	impact, instead      string
	// inferred: that the pods need what is missing isn't observed.
	inferred bool
	// unread is why it can't be told whether anything is missing.
	unread   error
	commands []string
	patches  []cause.Patch
}

// foreignOf are an Ingress's annotations of other controllers, what hits most requests
// first.
func foreignOf(ing *networkingv1.Ingress) []ignored {
	var list []ignored
	for _, key := range slices.Sorted(maps.Keys(ing.Annotations)) {
		for _, prefix := range foreignPrefixes {
			if name, ok := strings.CutPrefix(key, prefix); ok {
				list = append(list, ignored{key: key, name: name, value: ing.Annotations[key]})
			}
		}
	}
	order := []string{"rewrite-target", "app-root", "backend-protocol"}
	at := func(a ignored) int {
		if i := slices.Index(order, a.name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(list, func(a, b ignored) int { return at(a) - at(b) })
	return list
}

// missed compares what an annotation asks for with the live load balancer; ok is false
// where nothing is missing or it can't be told.
func (a ignored) missed(c cause.Case, ing *networkingv1.Ingress) (ignored, bool) {
	switch a.name {
	case "rewrite-target", "rewrite", "app-root":
		return a.rewrite(c, ing)
	case "proxy-read-timeout", "proxy-send-timeout":
		return a.timeout(c, ing)
	case "whitelist-source-range", "allowlist-source-range", "denylist-source-range", "allow-list", "whitelist", "limit-rps", "limit-rpm", "limit-connections":
		return a.protection(c, "a Cloud Armor policy", func(bs *computepb.BackendService) bool { return bs.GetSecurityPolicy() != "" })
	case "auth-url", "auth-type", "auth-signin", "auth-secret":
		return a.protection(c, "IAP", func(bs *computepb.BackendService) bool { return bs.GetIap().GetEnabled() })
	case "backend-protocol", "secure-backends":
		return a.protocol(c)
	case "affinity":
		return a.affinity(c)
	case "force-ssl-redirect", "ssl-redirect":
		return a.redirect(c, ing)
	}
	return a, false
}

// rewrite: a URL map that GKE builds rewrites nothing. Where the path stays what it is,
// that does no harm.
func (a ignored) rewrite(c cause.Case, ing *networkingv1.Ingress) (ignored, bool) {
	found := glbc.FrontendOf(c.Facts, ing).URLMap
	m, ok := found.Get()
	if a.unread = errors.Join(found.Err(), c.Facts.BackendServices.Err(), c.Facts.History.Err()); a.unread != nil || !ok || rewrites(m) {
		return a, false
	}
	target := strings.TrimSuffix(a.value, "/")
	for _, r := range ing.Spec.Rules {
		if r.HTTP == nil {
			continue
		}
		for _, p := range r.HTTP.Paths {
			path := strings.TrimSuffix(strings.TrimSuffix(p.Path, "*"), "/")
			if a.name != "app-root" && (path == target || knowsPath(c, path)) {
				continue
			}
			a.effect = "requests keep their path " + p.Path
			if a.name == "app-root" {
				a.effect = "/ isn't redirected to " + a.value
			}
			a.live, a.source = "no rule of "+m.GetName()+" rewrites or redirects", "compute.urlMaps.list"
			a.inferred = a.name != "app-root"
			a.impact = "the pods get " + p.Path + " where the Ingress's author expects " + a.value
			a.instead = "serve the path in the app, or route with a Gateway, whose HTTPRoute rewrites: GKE's Ingress can't"
			return a, true
		}
	}
	return a, false
}

// knowsPath: requests below a path were answered well, so that the app knows it as it is.
func knowsPath(c cause.Case, path string) bool {
	for _, b := range c.Backends() {
		for _, s := range c.RequestsTo(b) {
			if r := s.Request; r.Status >= 200 && r.Status < 400 && (r.Path() == path || strings.HasPrefix(r.Path(), path+"/")) {
				return true
			}
		}
	}
	return false
}

func rewrites(m *computepb.UrlMap) bool {
	for _, pm := range m.GetPathMatchers() {
		for _, r := range pm.GetPathRules() {
			if r.GetRouteAction().GetUrlRewrite() != nil || r.GetUrlRedirect() != nil {
				return true
			}
		}
		if len(pm.GetRouteRules()) > 0 {
			return true
		}
	}
	return false
}

// miss notes that a backend service couldn't be looked at.
func (a *ignored) miss(b glbc.Backend) { a.unread = errors.Join(a.unread, b.BackendService.Err()) }

// timeout: the backend service gives up earlier than the annotation asks.
func (a ignored) timeout(c cause.Case, ing *networkingv1.Ingress) (ignored, bool) {
	wanted, err := strconv.ParseInt(strings.TrimSuffix(a.value, "s"), 10, 32)
	if err != nil {
		return a, false
	}
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		a.miss(b)
		if !ok || bs.TimeoutSec == nil || int64(bs.GetTimeoutSec()) >= wanted {
			continue
		}
		a.effect = fmt.Sprintf("requests end after %d s, not %d", bs.GetTimeoutSec(), wanted)
		a.live, a.source = fmt.Sprintf("timeoutSec of %s is %d", bs.GetName(), bs.GetTimeoutSec()), "compute.backendServices.list"
		a.impact = fmt.Sprintf("the load balancer answers 502 where a response takes more than %d s", bs.GetTimeoutSec())
		a.instead = "set timeoutSec in a BackendConfig that the Service names"
		yaml := fmt.Sprintf("apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: %s\n  namespace: %s\nspec:\n  timeoutSec: %d\n", b.Service, ing.Namespace, wanted)
		a.patches = []cause.Patch{{File: "BackendConfig " + ing.Namespace + "/" + b.Service, YAML: yaml}}
		a.commands = []string{fmt.Sprintf("kubectl apply -f - <<'EOF'\n%sEOF", yaml)}
		if svc, has := b.Object.Get(); has {
			a.commands = append(a.commands, "kubectl annotate service "+b.Service+" -n "+ing.Namespace+" --overwrite "+glbc.BackendConfigAnnotation+"='"+glbc.WithBackendConfig(svc, b.ServicePort, b.Service)+"'")
		}
		return a, true
	}
	return a, false
}

// protection: nothing keeps out whom the annotation would.
func (a ignored) protection(c cause.Case, what string, has func(*computepb.BackendService) bool) (ignored, bool) {
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		a.miss(b)
		if !ok || has(bs) {
			continue
		}
		a.effect = "requests are let through unchecked"
		a.live, a.source = bs.GetName()+" has no "+strings.TrimPrefix(what, "a "), "compute.backendServices.list"
		a.impact = "everybody who reaches the load balancer reaches " + b.Title()
		a.instead = "use " + what + " by a BackendConfig that the Service names"
		return a, true
	}
	return a, false
}

// protocol: the load balancer speaks HTTP where the annotation asks for TLS or HTTP/2.
func (a ignored) protocol(c cause.Case) (ignored, bool) {
	wanted := map[string]string{"HTTPS": "HTTPS", "GRPC": "HTTP2", "GRPCS": "HTTP2", "TRUE": "HTTPS"}[strings.ToUpper(a.value)]
	if wanted == "" {
		return a, false
	}
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		a.miss(b)
		if !ok || bs.GetProtocol() != "HTTP" {
			continue
		}
		a.effect = "the load balancer speaks HTTP to the pods"
		a.live, a.source = "protocol of "+bs.GetName()+" is HTTP", "compute.backendServices.list"
		a.impact = "requests reach the pods as plain HTTP"
		a.instead = "say the protocol on the Service, by the name of its port"
		if b.ServicePort != nil && b.ServicePort.Name != "" {
			a.commands = []string{"kubectl annotate service " + b.Service + " -n " + b.Namespace + " --overwrite " + glbc.AppProtocolsAnnotation + `='{"` + b.ServicePort.Name + `":"` + wanted + `"}'`}
		}
		return a, true
	}
	return a, false
}

func (a ignored) affinity(c cause.Case) (ignored, bool) {
	for _, b := range c.Backends() {
		bs, ok := b.BackendService.Get()
		a.miss(b)
		if !ok || bs.GetSessionAffinity() != "NONE" {
			continue
		}
		a.effect = "requests of one client go to any pod"
		a.live, a.source = "sessionAffinity of "+bs.GetName()+" is NONE", "compute.backendServices.list"
		a.impact = "sessions that a pod keeps in memory are lost between requests"
		a.instead = "set sessionAffinity in a BackendConfig that the Service names"
		return a, true
	}
	return a, false
}

// redirect: HTTPS is there, and plain HTTP leads to the same backends.
func (a ignored) redirect(c cause.Case, ing *networkingv1.Ingress) (ignored, bool) {
	f := glbc.FrontendOf(c.Facts, ing)
	_, secure := f.HTTPS.Get()
	proxy, plain := f.HTTPProxy.Get()
	a.unread = errors.Join(f.HTTPS.Err(), f.HTTPProxy.Err(), f.RedirectMap.Err())
	if a.value != "true" || !secure || !plain || !f.RedirectMap.IsAbsent() {
		return a, false
	}
	a.effect = "plain HTTP isn't redirected to HTTPS"
	a.live, a.source = "target HTTP proxy "+proxy.GetName()+" leads to the URL map of HTTPS", "compute.targetHttpProxies.list"
	a.impact = "clients that come by http:// stay there"
	a.instead = "ask for the redirect in a FrontendConfig that the Ingress names"
	yaml := "apiVersion: networking.gke.io/v1beta1\nkind: FrontendConfig\nmetadata:\n  name: " + ing.Name + "\n  namespace: " + ing.Namespace + "\nspec:\n  redirectToHttps:\n    enabled: true\n"
	a.patches = []cause.Patch{{File: "FrontendConfig " + ing.Namespace + "/" + ing.Name, YAML: yaml}}
	a.commands = []string{"kubectl apply -f - <<'EOF'\n" + yaml + "EOF", "kubectl annotate ingress " + ing.Name + " -n " + ing.Namespace + " " + glbc.FrontendConfigAnnotation + "=" + ing.Name}
	return a, true
}
