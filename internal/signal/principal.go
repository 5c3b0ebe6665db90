package signal

import "strings"

// principal is who called. Workforce and workload identities have a subject only;
// the last entry of an operation has neither.
func principal(email, subject string) string {
	if email != "" {
		return email
	}
	for _, prefix := range []string{"user:", "serviceAccount:"} {
		if name, ok := strings.CutPrefix(subject, prefix); ok {
			return name
		}
	}
	return subject
}

// isController reports that a principal acts for GKE, not for a person or for
// something that the users run (gcp-facts.md §2.2, §2.3).
func isController(by string) bool {
	if number, ok := strings.CutPrefix(by, "service-"); ok {
		number, ok = strings.CutSuffix(number, "@container-engine-robot.iam.gserviceaccount.com")
		return ok && isNumber(number)
	}
	for _, prefix := range []string{
		"system:controller:", "system:gke-", "system:node:", "system:kube-",
		"system:serviceaccount:kube-system:", "system:serviceaccount:gke-managed-",
	} {
		if strings.HasPrefix(by, prefix) {
			return true
		}
	}
	return by == "system:addon-manager" || by == "system:apiserver"
}
