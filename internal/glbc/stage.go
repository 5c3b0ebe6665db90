package glbc

// A Stage is a step of GLBC's work on an Ingress. The steps come in this order and
// the first that fails ends the sync, so which objects exist tells how far it came
// (ingress-controller.md §0.3).
type Stage int

// The stages. Translation comes before anything in Google Cloud is touched; the
// health check, the backend service and its security policy are made for one Service
// port after the other.
const (
	StageTranslate Stage = iota + 1
	StageInstanceGroups
	StageHealthCheck
	StageBackendService
	StageLink
	StageTLS
	StageFrontendConfig
	// StageAnnotations checks the Ingress's own annotations and its name.
	StageAnnotations
	StageURLMap
	StageRedirectMap
	StageProxy
	StageForwardingRule
	StageCertificates
	StageHTTPSProxy
	StageHTTPSForwardingRule
	// StageStatus writes the address and the annotations ingress.kubernetes.io/….
	StageStatus
)

var stageNames = [...]string{
	StageTranslate: "translate", StageInstanceGroups: "instance-groups",
	StageHealthCheck: "health-check", StageBackendService: "backend-service", StageLink: "link",
	StageTLS: "tls", StageFrontendConfig: "frontend-config", StageAnnotations: "annotations",
	StageURLMap: "url-map", StageRedirectMap: "redirect-url-map",
	StageProxy: "proxy", StageForwardingRule: "forwarding-rule",
	StageCertificates: "certificates", StageHTTPSProxy: "https-proxy", StageHTTPSForwardingRule: "https-forwarding-rule",
	StageStatus: "status",
}

// String is the stage's short name; empty for none.
func (s Stage) String() string {
	if s < StageTranslate || s > StageStatus {
		return ""
	}
	return stageNames[s]
}
