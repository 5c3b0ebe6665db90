package glbc

import (
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"

	"plumbline/internal/facts"
)

// Annotations of an Ingress that its users write (ingress-controller.md §3).
const (
	AllowHTTPAnnotation        = "kubernetes.io/ingress.allow-http"
	GlobalStaticIPAnnotation   = "kubernetes.io/ingress.global-static-ip-name"
	RegionalStaticIPAnnotation = "kubernetes.io/ingress.regional-static-ip-name"
	PreSharedCertAnnotation    = "ingress.gcp.kubernetes.io/pre-shared-cert"
	ManagedCertsAnnotation     = "networking.gke.io/managed-certificates"
	FrontendConfigAnnotation   = "networking.gke.io/v1beta1.FrontendConfig"
	SuppressXPNAnnotation      = "networking.gke.io/suppress-firewall-xpn-error"
)

// frontend finds the faults of the load-balancer stages (ingress-controller.md §1.4,
// §1.5).
func (t *translator) frontend() {
	a := t.ing.Annotations
	for i, tls := range t.ing.Spec.TLS {
		if tls.SecretName == "" {
			t.fault(Fault{
				Code: TLSEntryWithoutSecret, Stage: StageTLS, Field: "spec.tls[" + strconv.Itoa(i) + "].secretName",
				Message: `secret "" does not exist`,
			})
			break
		}
	}
	fc, _ := t.frontendConfig().Get()
	global, regional := a[GlobalStaticIPAnnotation], a[RegionalStaticIPAnnotation]
	if global != "" && regional != "" {
		t.fault(Fault{
			Code: StaticIPAnnotationsConflict, Stage: StageAnnotations, Field: GlobalStaticIPAnnotation + ", " + RegionalStaticIPAnnotation,
			Message: "both global-static-ip and regional-static-ip cannot be specified",
		})
	}
	t.own()
	t.redirect(fc)
	stage := StageForwardingRule
	if !AllowsHTTP(t.ing) {
		stage = StageHTTPSForwardingRule
	}
	if stage == StageForwardingRule {
		t.forwardingRule(stage)
	}
	t.preShared()
	t.sslPolicy(fc)
	if stage == StageHTTPSForwardingRule && WantsHTTPS(t.ing) {
		t.forwardingRule(stage)
	}
}

// AllowsHTTP reports that an Ingress serves plain HTTP; a value of the annotation
// that isn't a boolean counts as true (ingress-controller.md §1.4).
func AllowsHTTP(ing *networkingv1.Ingress) bool {
	allow, err := strconv.ParseBool(ing.Annotations[AllowHTTPAnnotation])
	return err != nil || allow
}

// WantsHTTPS reports that an Ingress has certificates: Secrets, or names of
// sslCertificates. Managed certificates count once their controller has written their
// names (ingress-controller.md §1.4, managed-cert).
func WantsHTTPS(ing *networkingv1.Ingress) bool {
	return len(ing.Spec.TLS) > 0 || ing.Annotations[PreSharedCertAnnotation] != ""
}

// StaticIPName is the address's name that an Ingress asks for; empty for none. Which
// of the annotations has it doesn't matter: the class decides where it is looked for
// (ingress-controller.md §1.5).
func StaticIPName(ing *networkingv1.Ingress) string {
	if name := ing.Annotations[RegionalStaticIPAnnotation]; name != "" {
		return name
	}
	return ing.Annotations[GlobalStaticIPAnnotation]
}

// FrontendConfigOf is the FrontendConfig that an Ingress names, in its own
// namespace; absent where it names none, or one that isn't there.
func FrontendConfigOf(s *facts.Snapshot, ing *networkingv1.Ingress) facts.Value[*facts.FrontendConfig] {
	name := ing.Annotations[FrontendConfigAnnotation]
	if name == "" {
		return facts.Absent[*facts.FrontendConfig]()
	}
	all, _ := s.FrontendConfigs.Get()
	for _, fc := range all {
		if fc.Namespace == ing.Namespace && fc.Name == name {
			return facts.Found(fc)
		}
	}
	switch {
	case !s.FrontendConfigs.Known():
		return facts.Unknown[*facts.FrontendConfig](s.FrontendConfigs.Err())
	case !wasRead(s, ing.Namespace):
		return facts.Unknown[*facts.FrontendConfig](errNamespaceNotRead(ing.Namespace))
	}
	return facts.Absent[*facts.FrontendConfig]()
}

// frontendConfig looks for the FrontendConfig. Without it the sync goes on, and fails
// at its end.
func (t *translator) frontendConfig() facts.Value[*facts.FrontendConfig] {
	found := FrontendConfigOf(t.s, t.ing)
	name := t.ing.Annotations[FrontendConfigAnnotation]
	if _, ok := found.Get(); name != "" && !ok {
		t.fault(Fault{
			Code: FrontendConfigNotFound, Stage: StageFrontendConfig, Warning: true, Field: FrontendConfigAnnotation, Err: found.Err(),
			Names:   facts.Ref{Cluster: t.s.ClusterName, Kind: facts.KindFrontendConfig, Namespace: t.ing.Namespace, Name: name},
			Message: "no FrontendConfig for Ingress exists.",
		})
	}
	return found
}

// own checks what the Ingress says of itself, before anything of the load balancer is
// made.
func (t *translator) own() {
	uid, _ := t.s.ClusterUID.Get()
	https, http := WantsHTTPS(t.ing), AllowsHTTP(t.ing)
	if !NamesOf(t.ing, uid, IngressUID(t.s)).Valid() {
		t.fault(Fault{Code: NameInvalid, Stage: StageAnnotations, Field: "metadata.name", Message: "invalid loadbalancer name"})
	}
	switch {
	case !http && !https:
		f := Fault{
			Code: NoProtocolEnabled, Stage: StageAnnotations, Field: AllowHTTPAnnotation,
			Message: "invalid configuration: both HTTP and HTTPS are disabled",
		}
		if t.ing.Annotations[ManagedCertsAnnotation] != "" {
			f.Variant = ManagedPending
		}
		t.fault(f)
	case t.Class.Internal && http && https && StaticIPName(t.ing) == "":
		t.fault(Fault{
			Code: InternalHTTPSNeedsStaticIP, Stage: StageAnnotations, Field: RegionalStaticIPAnnotation,
			Message: "error invalid internal ingress https config",
		})
	}
}

func (t *translator) redirect(fc *facts.FrontendConfig) {
	if fc == nil || fc.Spec.RedirectToHTTPS == nil || !fc.Spec.RedirectToHTTPS.Enabled {
		return
	}
	f := Fault{
		Code: RedirectUnsupported, Stage: StageRedirectMap, Field: "spec.redirectToHttps.enabled",
		On: facts.Ref{Cluster: t.s.ClusterName, Kind: facts.KindFrontendConfig, Namespace: fc.Namespace, Name: fc.Name},
	}
	switch {
	case t.Class.Internal:
		f.Variant, f.Message = OnInternal, "cannot enable HTTPS Redirects with L7 ILB"
	case OldScheme(t.ing):
		f.Variant, f.Message = OnOldScheme, "cannot enable HTTPS Redirects with the V1 Ingress naming scheme"
	default:
		return
	}
	t.fault(f)
}
