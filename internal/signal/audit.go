package signal

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/facts"
)

// An audit is the payload of an audit entry (gcp-facts.md §2).
type audit struct {
	service, method, resource string
	request, response         json.RawMessage
	change                    Change
}

// errNoIdentity is the error of an audit entry that lacks method or resource.
var errNoIdentity = errors.New("protoPayload names no method and resource")

func readAudit(e *entry) (s Signal, quiet string, err error) {
	var a audit
	err = fields(
		e.protoPayload, "protoPayload",
		field{"serviceName", &a.service}, field{"methodName", &a.method}, field{"resourceName", &a.resource},
	)
	if err != nil {
		return s, "", err
	}
	read := serviceReaderOf(&a, e)
	if read == nil {
		return s, "", fmt.Errorf("%w: audit of %q", ErrIgnored, a.service)
	}
	if s, quiet, err = read(e, &a); errors.Is(err, errNoIdentity) && e.isPart() {
		err = fmt.Errorf("%w: a part of a split entry, without identity", ErrIgnored)
	}
	return s, quiet, err
}

// serviceReaderOf chooses by the service, and by the resource where a part of a
// split entry leaves the service out.
func serviceReaderOf(a *audit, e *entry) func(*entry, *audit) (Signal, string, error) {
	switch {
	case a.service == "container.googleapis.com",
		a.service == "" && (e.resource == "gke_cluster" || e.resource == "gke_nodepool"):
		return readClusterAudit
	case a.service == "k8s.io", a.service == "" && e.resource == "k8s_cluster":
		return readKubernetesAudit
	case a.service == "compute.googleapis.com":
		return readComputeAudit
	}
	return nil
}

// readChange fills in who changed what, once the method is known to be ours. Calls
// that failed are ErrIgnored: they changed nothing.
func (a *audit) readChange(e *entry) error {
	var (
		who, caller, status json.RawMessage
		email, subject      string
		code                int
	)
	c := &a.change
	hasOperation := !isNull(e.operation)
	c.First, c.Last = !hasOperation, !hasOperation
	err := errors.Join(
		fields(
			e.protoPayload, "protoPayload",
			field{"authenticationInfo", &who}, field{"requestMetadata", &caller}, field{"status", &status},
			field{"request", &a.request}, field{"response", &a.response},
		),
		fields(status, "protoPayload.status", field{"code", &code}),
		fields(who, "authenticationInfo", field{"principalEmail", &email}, field{"principalSubject", &subject}),
		fields(caller, "requestMetadata", field{"callerSuppliedUserAgent", &c.Caller}),
		fields(e.operation, "operation", field{"id", &c.Operation}, field{"first", &c.First}, field{"last", &c.Last}),
	)
	if err != nil {
		return err
	}
	// A call that failed at once changed nothing. The failure of an operation takes back
	// what its first entry announced, so it is kept.
	c.Failed = code != 0
	if c.Failed && (c.First || c.Operation == "") {
		return fmt.Errorf("%w: %s failed with code %d", ErrIgnored, a.method, code)
	}
	c.By = principal(email, subject)
	c.Controller = isController(c.By)
	c.Method, c.Resource = a.method, a.resource
	c.Verb = a.method[strings.LastIndexByte(a.method, '.')+1:]
	return nil
}

// signal makes the Signal. It copies what the entry's memory holds.
func (a *audit) signal(kind Kind, target facts.Ref) Signal {
	a.change.Request, a.change.Response = slices.Clone(a.request), slices.Clone(a.response)
	return Signal{Kind: kind, Target: target, Change: &a.change}
}

// noTrigger says why a write triggers nothing: a controller made it, or it failed;
// empty for the others.
func (a *audit) noTrigger() string {
	if a.change.Failed {
		return "the operation failed"
	}
	if a.change.Controller {
		return "written by the controller " + a.change.By
	}
	return ""
}
