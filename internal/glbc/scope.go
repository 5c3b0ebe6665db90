package glbc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/facts"
)

const scopeGlobal = "global"

// RegionOf is the region of a cluster's location, which may be one of its zones
// (europe-west1-b).
func RegionOf(location string) string {
	if strings.Count(location, "-") < 2 {
		return location
	}
	return location[:strings.LastIndex(location, "-")]
}

// Region is the region of the Snapshot's cluster; empty when no cluster is known.
func Region(s *facts.Snapshot) string {
	_, location, _ := facts.ClusterParts(s.ClusterName)
	return RegionOf(location)
}

// scopeIn is the scope of a Compute URL: global, regions/R or zones/Z.
func scopeIn(url string) string {
	path := facts.ScopePath(url)
	if strings.HasPrefix(path, scopeGlobal+"/") {
		return scopeGlobal
	}
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

var errNoRegion = errors.New("the cluster's region isn't known")

// wasRead reports that a namespace's objects are among those that were read.
func wasRead(s *facts.Snapshot, namespace string) bool {
	return len(s.Namespaces) == 0 || slices.Contains(s.Namespaces, namespace)
}

var errNotAsked = errors.New("its objects were not asked for")

func errNamespaceNotRead(namespace string) error {
	return fmt.Errorf("namespace %s: %w", namespace, errNotAsked)
}

// A computeNamed has a name and a URL.
type computeNamed interface {
	GetName() string
	GetSelfLink() string
}

// A computeObject is a pointer to an object of Compute's.
type computeObject interface {
	comparable
	computeNamed
}

// inScope finds an object by name in one scope. It is absent only if the scope was
// read and has none.
func inScope[T computeObject](list facts.Value[[]T], scope, name string) facts.Value[T] {
	all, ok := list.Get()
	for _, o := range all {
		if o.GetName() == name && scopeIn(o.GetSelfLink()) == scope {
			return facts.Found(o)
		}
	}
	if scope == "regions/" {
		return facts.Unknown[T](errNoRegion)
	}
	if !ok && list.IsAbsent() || ok && !list.Lacks(scope) {
		return facts.Absent[T]()
	}
	return facts.Unknown[T](list.Err())
}
