package glbc

import (
	"errors"
	"slices"

	"plumbline/internal/facts"
)

// Used lists the Ingresses whose requests go to a backend service, which several may
// share: its name depends on the Service port only (ingress-controller.md §1.11). path
// is its relative path. err says what couldn't be looked through; the list is what was
// found all the same.
func Used(s *facts.Snapshot, path string) (list []facts.Ref, err error) {
	ingresses, _ := s.Ingresses.Get()
	err = s.Ingresses.Err()
	for _, ing := range ingresses {
		if class := ClassIn(s, ing); !class.Served && !class.Unsure {
			continue
		}
		backends := Backends(s, ing)
		used := slices.ContainsFunc(backends, func(b Backend) bool {
			bs, ok := b.BackendService.Get()
			return ok && Path(bs) == path
		})
		if used {
			list = append(list, RefOf(s, ing))
			continue
		}
		for _, b := range backends {
			if !b.BackendService.Known() {
				err = errors.Join(err, b.BackendService.Err())
				break
			}
		}
	}
	return list, err
}
