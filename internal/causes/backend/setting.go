package backend

import (
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

// A setting is one of a backend service, as each of those writes it who may own it.
type setting struct {
	// config is of a BackendConfig's spec, policy of a GCPBackendPolicy's default, both
	// JSON; configYAML and policyYAML are the same, a line each, without indentation.
	config, policy         string
	configYAML, policyYAML []string
	// flag is gcloud's.
	flag string
}

// change says how to make a setting: in the BackendConfig or GCPBackendPolicy that the
// Service has, in a new one, or with gcloud where no cluster is behind the backend
// service.
func (t *traffic) change(c cause.Case, s setting) (fix cause.Fix, subject facts.Ref) {
	switch {
	case t.Service == "":
		return cause.Fix{Commands: []string{"gcloud compute backend-services update " + t.live.GetName() + " " + s.flag + " --project " + c.Facts.Project + scopeFlag(t.service())}}, t.service()
	case t.Gateway:
		return t.changePolicy(c, s)
	}
	return t.changeConfig(c, s)
}

func (t *traffic) changeConfig(c cause.Case, s setting) (fix cause.Fix, subject facts.Ref) {
	svc, _ := t.Object.Get()
	name := ""
	if svc != nil {
		name = glbc.BackendConfigOf(svc, t.ServicePort)
	}
	yaml := "apiVersion: cloud.google.com/v1\nkind: BackendConfig\nmetadata:\n  name: " + or(name, t.Service) + "\n  namespace: " + t.Namespace + "\nspec:\n" + indented(s.configYAML, "  ")
	fix.Patches = []cause.Patch{{File: "BackendConfig " + t.Namespace + "/" + or(name, t.Service), YAML: yaml}}
	if name != "" {
		fix.Commands = []string{"kubectl patch backendconfig " + name + " -n " + t.Namespace + " --type merge -p '{\"spec\":" + s.config + "}'"}
		return fix, facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindBackendConfig, Namespace: t.Namespace, Name: name}
	}
	annotation := `{"default":"` + t.Service + `"}`
	if svc != nil {
		annotation = glbc.WithBackendConfig(svc, t.ServicePort, t.Service)
	}
	object := `{"apiVersion":"cloud.google.com/v1","kind":"BackendConfig","metadata":{"name":"` + t.Service + `","namespace":"` + t.Namespace + `"},"spec":` + s.config + `}`
	fix.Commands = []string{
		"echo '" + object + "' | kubectl apply -f - && kubectl annotate service " + t.Service + " -n " + t.Namespace + " --overwrite cloud.google.com/backend-config='" + annotation + "'",
	}
	return fix, t.Ref(c.Facts.ClusterName)
}

func (t *traffic) changePolicy(c cause.Case, s setting) (fix cause.Fix, subject facts.Ref) {
	subject = t.Ref(c.Facts.ClusterName)
	name := t.Service
	all, _ := c.Facts.GCPBackendPolicies.Get()
	for _, p := range all {
		if p.Namespace == t.Namespace && p.Spec.TargetRef.Kind == facts.KindService && p.Spec.TargetRef.Name == t.Service {
			name, subject = p.Name, facts.Ref{Cluster: c.Facts.ClusterName, Kind: facts.KindGCPBackendPolicy, Namespace: p.Namespace, Name: p.Name}
		}
	}
	yaml := "apiVersion: networking.gke.io/v1\nkind: GCPBackendPolicy\nmetadata:\n  name: " + name + "\n  namespace: " + t.Namespace + "\nspec:\n  targetRef:\n    group: \"\"\n    kind: Service\n    name: " + t.Service +
		"\n  default:\n" + indented(s.policyYAML, "    ")
	fix.Patches = []cause.Patch{{File: "GCPBackendPolicy " + t.Namespace + "/" + name, YAML: yaml}}
	if subject.Kind == facts.KindGCPBackendPolicy {
		fix.Commands = []string{"kubectl patch gcpbackendpolicy " + name + " -n " + t.Namespace + " --type merge -p '{\"spec\":{\"default\":" + s.policy + "}}'"}
		return fix, subject
	}
	object := `{"apiVersion":"networking.gke.io/v1","kind":"GCPBackendPolicy","metadata":{"name":"` + name + `","namespace":"` + t.Namespace +
		`"},"spec":{"targetRef":{"group":"","kind":"Service","name":"` + t.Service + `"},"default":` + s.policy + `}}`
	fix.Commands = []string{"echo '" + object + "' | kubectl apply -f -"}
	return fix, subject
}

func indented(lines []string, by string) string {
	return by + strings.Join(lines, "\n"+by) + "\n"
}

// scopeFlag is gcloud's for a resource.
func scopeFlag(r facts.Ref) string {
	if region, ok := strings.CutPrefix(r.Scope, "regions/"); ok {
		return " --region " + region
	}
	return " --global"
}
