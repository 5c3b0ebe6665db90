package glbc

import (
	"fmt"

	"plumbline/internal/facts"
)

// BackendConfigNamed finds a BackendConfig.
func BackendConfigNamed(s *facts.Snapshot, namespace, name string) facts.Value[*facts.BackendConfig] {
	all, _ := s.BackendConfigs.Get()
	for _, bc := range all {
		if bc.Namespace == namespace && bc.Name == name {
			return facts.Found(bc)
		}
	}
	switch {
	case !s.BackendConfigs.Known():
		return facts.Unknown[*facts.BackendConfig](s.BackendConfigs.Err())
	case !wasRead(s, namespace):
		return facts.Unknown[*facts.BackendConfig](errNamespaceNotRead(namespace))
	}
	return facts.Absent[*facts.BackendConfig]()
}

// longestAffinity is the longest life of an affinity cookie, a day in seconds.
const longestAffinity = 86400

// validate applies the controller's checks of a BackendConfig, of which the first
// that fails is told (ingress-controller.md §1.3). What it finds in Secrets isn't
// judged.
func (t *translator) validate(bc *facts.BackendConfig, add func(Fault)) {
	variant, why := invalidConfig(bc, t.Class.Regional)
	if why == "" {
		return
	}
	add(Fault{
		Code: ConfigInvalid, Variant: variant, Stage: StageTranslate, On: t.ofConfig(bc),
		Message: "BackendConfig " + bc.Namespace + "/" + bc.Name + " is not valid: " + why,
	})
}

func invalidConfig(bc *facts.BackendConfig, regional bool) (variant, why string) {
	spec := &bc.Spec
	cdn := spec.CDN != nil && spec.CDN.Enabled
	if spec.IAP != nil && spec.IAP.Enabled {
		switch {
		case regional:
			return IAPRegionalExternal, "IAP configuration is not supported in TPC Environment"
		case cdn:
			return IAPAndCDN, "iap and cdn cannot be enabled at the same time"
		}
	}
	if cdn && regional {
		return CDNRegionalExternal, "CDN configuration is not supported in TPC Environment"
	}
	if a := spec.SessionAffinity; a != nil {
		switch a.AffinityType {
		case "", "NONE", "CLIENT_IP", "GENERATED_COOKIE":
		default:
			return Affinity, "unsupported AffinityType: " + a.AffinityType
		}
		if ttl := a.AffinityCookieTTLSec; ttl != nil && (*ttl < 0 || *ttl > longestAffinity) {
			return AffinityTTL, fmt.Sprintf("unsupported AffinityCookieTtlSec: %d", *ttl)
		}
	}
	if l := spec.Logging; l != nil && l.SampleRate != nil && (*l.SampleRate < 0 || *l.SampleRate > 1) {
		return SampleRate, fmt.Sprintf("unsupported SampleRate: %f", *l.SampleRate)
	}
	return "", ""
}
