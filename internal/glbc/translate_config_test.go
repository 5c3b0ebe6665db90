package glbc

import (
	"testing"

	"plumbline/internal/facts"
)

// ingress-controller.md §1.3, one row per cause and its near misses.
func TestTranslateConfigs(t *testing.T) {
	t.Parallel()
	annotation := func(v string) func(*fixture) { return func(f *fixture) { f.service(BackendConfigAnnotation, v) } }
	runTranslations(t, []translation{
		{name: "a BackendConfig that is there", do: annotation(`{"default":"config"}`)},
		{
			name: "not JSON", do: annotation(`config`), want: []string{"config-annotation-invalid not-json translate"}, blocked: true,
			message: `error getting BackendConfig for port "&ServiceBackendPort{Name:,Number:80,}" on service "shop/web", err: BackendConfig annotation is invalid json`,
		},
		{
			name: "names none", do: annotation(`{}`), want: []string{"config-annotation-invalid empty translate"}, blocked: true,
			message: "no BackendConfig's found in annotation",
		},
		{
			name: "names one that isn't there", do: annotation(`{"default":"cfg"}`), want: []string{"config-not-found translate"}, blocked: true,
			message: "no BackendConfig for service port exists.",
		},
		{name: "one for another port that isn't there", do: annotation(`{"ports":{"grpc":"cfg"}}`)},
		{name: "by name before number before default", do: annotation(`{"default":"cfg","ports":{"80":"cfg","http":"config"}}`)},
		{name: "by number", do: annotation(`{"default":"cfg","ports":{"80":"config"}}`)},
		{name: "keys that match nothing", do: annotation(`{"ports":{"https":"cfg"}}`)},
		{name: "the older annotation is not read beside the newer", do: func(f *fixture) {
			f.service(BackendConfigAnnotation, `{"default":"config"}`, backendConfigBeta, `bad`)
		}},
		{
			name: "the older annotation alone", do: func(f *fixture) { f.service(backendConfigBeta, `bad`) },
			want: []string{"config-annotation-invalid not-json translate"}, blocked: true,
		},
		{
			name: "BackendConfigs couldn't be read", do: func(f *fixture) {
				f.config()
				f.s.BackendConfigs = facts.Unknown[[]*facts.BackendConfig](errDenied)
			}, undecided: []string{"config-not-found translate"},
		},
		{
			name: "the cluster has no BackendConfigs", do: func(f *fixture) {
				f.config()
				f.s.BackendConfigs = facts.Absent[[]*facts.BackendConfig]()
			}, want: []string{"config-not-found translate"}, blocked: true,
		},
		{
			name: "IAP and CDN", do: func(f *fixture) {
				spec := &f.config().Spec
				set(&spec.IAP).Enabled, set(&spec.CDN).Enabled = true, true
			}, want: []string{"config-invalid iap-and-cdn translate"}, blocked: true, message: "BackendConfig shop/config is not valid: iap and cdn cannot be enabled at the same time",
		},
		{name: "IAP, and CDN disabled", do: func(f *fixture) {
			spec := &f.config().Spec
			set(&spec.IAP).Enabled = true
			set(&spec.CDN)
		}},
		{
			name: "an affinity that doesn't exist", do: func(f *fixture) { set(&f.config().Spec.SessionAffinity).AffinityType = "COOKIE" },
			want: []string{"config-invalid affinity translate"}, blocked: true, message: "unsupported AffinityType: COOKIE",
		},
		{name: "an affinity that exists, for a day", do: func(f *fixture) {
			a := set(&f.config().Spec.SessionAffinity)
			a.AffinityType, a.AffinityCookieTTLSec = "GENERATED_COOKIE", new(int64(86400))
		}},
		{
			name: "an affinity for longer than a day", do: func(f *fixture) {
				set(&f.config().Spec.SessionAffinity).AffinityCookieTTLSec = new(int64(86401))
			}, want: []string{"config-invalid affinity-ttl translate"}, blocked: true, message: "unsupported AffinityCookieTtlSec: 86401",
		},
		{
			name: "a sample rate in percent", do: func(f *fixture) { set(&f.config().Spec.Logging).SampleRate = new(50.0) },
			want: []string{"config-invalid sample-rate translate"}, blocked: true, message: "unsupported SampleRate: 50",
		},
		{name: "a full sample rate", do: func(f *fixture) { set(&f.config().Spec.Logging).SampleRate = new(1.0) }},
		{
			name: "IAP on the regional external class", do: func(f *fixture) {
				f.annotate(ClassAnnotation, ClassRegionalExternal)
				set(&f.config().Spec.IAP).Enabled = true
			}, undecided: []string{"config-invalid iap-regional-external translate"}, message: "IAP configuration is not supported in TPC Environment",
		},
		{
			name: "CDN on the regional external class", do: func(f *fixture) {
				f.annotate(ClassAnnotation, ClassRegionalExternal)
				set(&f.config().Spec.CDN).Enabled = true
			}, undecided: []string{"config-invalid cdn-regional-external translate"}, message: "CDN configuration is not supported in TPC Environment",
		},
		{name: "a BackendConfig of another namespace than the Service's", do: func(f *fixture) {
			f.config().Namespace = "argocd"
			f.s.BackendConfigs = facts.Found([]*facts.BackendConfig{f.bc})
		}, want: []string{"config-not-found translate"}, blocked: true},
	})
}

func TestBackendConfigOfANamespaceThatWasNotReadIsUnknown(t *testing.T) {
	t.Parallel()
	f := newFixture()
	f.s.Namespaces = []string{"shop"}
	if !BackendConfigNamed(f.s, "shop", "other").IsAbsent() {
		t.Error("a missing BackendConfig of a namespace that was read isn't absent")
	}
	if BackendConfigNamed(f.s, "argocd", "config").Known() {
		t.Error("a BackendConfig of a namespace that wasn't read is known")
	}
}
