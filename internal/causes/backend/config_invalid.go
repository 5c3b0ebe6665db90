package backend

import (
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// The API takes a BackendConfig that GLBC refuses: IAP together with CDN, a value out of
// range, a check's type that it has no words for, Cloud Armor behind a regional load
// balancer (ingress-controller.md §1.3).
var configInvalid = cause.Cause{
	ID:       "backend/config-invalid",
	Title:    "GKE refuses the BackendConfig's settings",
	Needs:    []facts.Kind{facts.Ingresses, facts.IngressClasses, facts.BackendServices, facts.Services, facts.BackendConfigs, facts.Events},
	Explains: refused,
	Check:    checkConfigInvalid,
}

func checkConfigInvalid(c cause.Case) cause.Outcome {
	out := cause.Blocker{Code: glbc.ConfigInvalid, Tell: tellConfigInvalid}.Check(c)
	unsupported := cause.Blocker{Code: glbc.SecurityPolicyUnsupported, Tell: tellConfigInvalid}.Check(c)
	out.Findings = append(out.Findings, unsupported.Findings...)
	return out
}

func tellConfigInvalid(c cause.Case, f glbc.Fault) cause.Finding {
	_, why, found := strings.Cut(f.Message, "is not valid: ")
	if !found {
		why = f.Message
	}
	what, fix, patch := advice(f, why)
	name := f.On.Namespace + "/" + f.On.Name
	told := cause.Finding{
		Headline: "BackendConfig " + name + " " + what + ", which GKE refuses, " + c.Effect(),
		Summary:  "The API server takes the BackendConfig, and GKE's controller refuses it when it builds the Ingress: nothing of the Ingress is applied until it is right.",
		Evidence: []cause.Evidence{{Source: "container.backendConfigs.list", Says: f.On.String() + ": " + why}},
		Fix: cause.Fix{
			Summary:  fix,
			Commands: []string{"kubectl patch backendconfig " + f.On.Name + " -n " + f.On.Namespace + " --type merge -p '" + patch.json + "'"},
			Patches: []cause.Patch{{
				File: "BackendConfig " + name,
				YAML: "apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: " + f.On.Name + "\n  namespace: " + f.On.Namespace + "\nspec:\n" + patch.yaml,
			}},
		},
	}
	if ch := c.Wrote(f.On, patch.field); ch != nil && !ch.Removed {
		told.Change = ch
	} else {
		told.Change = c.Created(f.On)
	}
	return told
}

// A specPatch repairs a BackendConfig: which field was wrong, and the patch in both
// spellings.
type specPatch struct{ field, json, yaml string }

// advice says what is refused, and what to set in its place.
func advice(f glbc.Fault, why string) (what, fix string, patch specPatch) {
	_, value, _ := strings.Cut(why, ": ")
	switch f.Variant {
	case glbc.IAPAndCDN:
		return "switches on IAP and CDN at once", "choose one: CDN would cache what only signed-in users may see",
			specPatch{"spec", `{"spec":{"cdn":{"enabled":false}}}`, "  cdn:\n    enabled: false\n"}
	case glbc.IAPRegionalExternal:
		return "switches on IAP behind a regional external Ingress", "take IAP out, or use the class gce",
			specPatch{"spec.iap", `{"spec":{"iap":null}}`, "  iap: null\n"}
	case glbc.CDNRegionalExternal:
		return "switches on CDN behind a regional external Ingress", "take CDN out, or use the class gce",
			specPatch{"spec.cdn", `{"spec":{"cdn":null}}`, "  cdn: null\n"}
	case glbc.Affinity:
		return "asks for session affinity " + value, "use NONE, CLIENT_IP or GENERATED_COOKIE",
			specPatch{"spec.sessionAffinity", `{"spec":{"sessionAffinity":{"affinityType":"GENERATED_COOKIE"}}}`, "  sessionAffinity:\n    affinityType: GENERATED_COOKIE\n"}
	case glbc.AffinityTTL:
		return "lets an affinity cookie live " + value + " s", "use 0 to 86400 s, a day",
			specPatch{"spec.sessionAffinity", `{"spec":{"sessionAffinity":{"affinityCookieTtlSec":86400}}}`, "  sessionAffinity:\n    affinityCookieTtlSec: 86400\n"}
	case glbc.SampleRate:
		return "logs with sample rate " + value, "use a share from 0 to 1: 1.0 logs every request",
			specPatch{"spec.logging", `{"spec":{"logging":{"sampleRate":1.0}}}`, "  logging:\n    sampleRate: 1.0\n"}
	case glbc.CheckType:
		_, kind, _ := strings.Cut(f.Message, "Protocol ")
		kind, _, _ = strings.Cut(kind, " is not valid")
		return "checks health by " + strings.Trim(kind, `"`), "use HTTP, HTTPS or HTTP2: an Ingress's backends have no other checks",
			specPatch{"spec.healthCheck", `{"spec":{"healthCheck":{"type":"HTTP"}}}`, "  healthCheck:\n    type: HTTP\n"}
	}
	return "names a Cloud Armor policy behind a regional Ingress", "take the policy out: GKE attaches policies to the class gce only",
		specPatch{"spec.securityPolicy", `{"spec":{"securityPolicy":null}}`, "  securityPolicy: null\n"}
}
