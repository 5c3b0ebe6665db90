package facts

import (
	"maps"
	"slices"
)

// Without is the Snapshot as it would be had one kind of read been refused: those
// Values are unknown, and the Gap is named. Tests deny every need in turn.
func (s *Snapshot) Without(k Kind) *Snapshot {
	out := *s
	err := &Error{Needs: string(k), Status: "403 PERMISSION_DENIED", Err: ErrNotRead}
	switch k {
	case Cluster, Clusters:
		deny(&out.Cluster, err)
	case BackendServices:
		deny(&out.BackendServices, err)
	case BackendHealth, RegionBackendHealth:
		out.Health = denyAll(s.Health, err)
	case HealthChecks:
		deny(&out.HealthChecks, err)
	case NEGs:
		deny(&out.NEGs, err)
	case NEGEndpoints:
		out.Endpoints = denyAll(s.Endpoints, err)
	case InstanceGroups:
		deny(&out.InstanceGroups, err)
	case Firewalls:
		deny(&out.Firewalls, err)
	case Ingresses:
		deny(&out.Ingresses, err)
	case IngressClasses:
		deny(&out.IngressClasses, err)
	case Gateways:
		deny(&out.Gateways, err)
	case Services:
		deny(&out.Services, err)
	case Pods:
		deny(&out.Pods, err)
	case Events:
		deny(&out.Events, err)
	case ConfigMaps:
		out.ConfigMaps = denyAll(s.ConfigMaps, err)
	case Namespaces:
		deny(&out.ClusterUID, err)
	case Logs:
		deny(&out.History, err)
	case Probes:
		out.Probes = denyAll(s.Probes, err)
	}
	out.Gaps = append(slices.Clip(s.Gaps), Gap{Needs: string(k), Err: err.Status})
	return &out
}

func deny[T any](v *Value[T], err error) { *v = Unknown[T](err) }

func denyAll[K comparable, T any](m map[K]Value[T], err error) map[K]Value[T] {
	out := maps.Clone(m)
	for k := range out {
		out[k] = Unknown[T](err)
	}
	return out
}
