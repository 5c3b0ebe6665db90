package control

import (
	"regexp"
	"slices"
	"strings"
)

// A refusalKind is why a Google API said no.
type refusalKind uint8

const (
	otherRefusal refusalKind = iota
	permissionDenied
	quotaExceeded
	rateLimited
	apiDisabled
	orgPolicyDenied
	inUse
)

// A refusal is one error of a Google API, as a controller passes it on in an event
// (ingress-controller.md §0.1, §1.6).
type refusal struct {
	kind refusalKind
	// text is the error alone, without the stages that the controller puts before it.
	text string
	// object is the relative path of what was asked for; empty where none is named.
	object string
	// permission is what was required of permissionDenied; empty where it isn't said.
	permission string
	// metric and region are those of quotaExceeded; region is empty for a global one.
	metric, region string
	// constraint is the one of orgPolicyDenied, constraints/….
	constraint string
	// service and consumer are those of apiDisabled: compute.googleapis.com and
	// projects/P, with the project's ID or its number.
	service, consumer string
	// holder is the relative path of what holds object, for inUse; empty where it isn't
	// named.
	holder string
}

const leaf = "googleapi: Error "

// refusalsIn takes the errors of a message apart: a sync joins those of several ports
// with semicolons, and each has stages in front of it.
func refusalsIn(message string) []refusal {
	parts := strings.Split(message, leaf)
	if len(parts) > 1 {
		parts = parts[1:]
	}
	var list []refusal
	for _, part := range parts {
		r := classify(strings.TrimSpace(strings.TrimRight(strings.TrimSpace(part), ";")))
		if r.kind != otherRefusal && !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list
}

var (
	requiredText   = regexp.MustCompile(`(?i)required ["']([\w.]+)["'] permission`)
	deniedText     = regexp.MustCompile(`(?i)permission ["']?([a-z]\w*\.[\w.]*\w)["']? denied`)
	grantText      = regexp.MustCompile(`(?i)(?:the|missing|lacks) ["']?([a-z]\w*\.[\w.]*\w)["']? permission`)
	forText        = regexp.MustCompile(`(?:for|on|resource) ["']?(?://compute\.googleapis\.com/)?(projects/[^\s"',;]+)`)
	quotaText      = regexp.MustCompile(`(?i)quota ["']([\w-]+)["'] exceeded`)
	regionText     = regexp.MustCompile(`in region ([a-z]+-[a-z]+\d+)`)
	constraintText = regexp.MustCompile(`constraints/[\w.]+`)
	consumerText   = regexp.MustCompile(`"?consumer"?\s*[:=]\s*"?(projects/[\w:.-]+)`)
	unusedText     = regexp.MustCompile(`has not been used in project (\S+) before`)
	serviceText    = regexp.MustCompile(`"?service"?\s*[:=]\s*"?([a-z]+\.googleapis\.com)|apis/api/([a-z]+\.googleapis\.com)`)
	heldText       = regexp.MustCompile(`resource ["'](projects/[^"']+)["'] is already being used by(?: ["'](projects/[^"']+)["'])?`)
)

// classify says what an error is. A constraint decides over its code, which is that of
// a race, and a permission over the word quota (cause-catalogue.md, red herrings).
func classify(text string) refusal {
	r := refusal{text: text}
	lower := strings.ToLower(text)
	switch {
	case constraintText.MatchString(text):
		r.kind, r.constraint = orgPolicyDenied, constraintText.FindString(text)
	case strings.Contains(text, "SERVICE_DISABLED"), strings.Contains(text, "accessNotConfigured"), unusedText.MatchString(text):
		r.kind = apiDisabled
		r.service, r.consumer = serviceOf(text), consumerOf(text)
	case lacksPermission(text) != "" || strings.HasSuffix(lower, "insufficientpermissions"):
		r.kind, r.permission = permissionDenied, lacksPermission(text)
		r.object = submatch(forText, text)
	case isRate(lower):
		r.kind = rateLimited
	case quotaText.MatchString(text), strings.Contains(lower, "quotaexceeded"), strings.Contains(text, "QUOTA_EXCEEDED"):
		r.kind, r.metric, r.region = quotaExceeded, strings.ToUpper(submatch(quotaText, text)), submatch(regionText, text)
	case strings.Contains(text, "IP address"):
		// An address in use is a matter of addresses.
	case strings.Contains(text, "resourceInUseByAnotherResource"), heldText.MatchString(text):
		r.kind = inUse
		if m := heldText.FindStringSubmatch(text); m != nil {
			r.object, r.holder = m[1], m[2]
		}
	}
	return r
}

// lacksPermission is the permission that an error asks for; empty for other errors.
func lacksPermission(text string) string {
	for _, re := range []*regexp.Regexp{requiredText, deniedText, grantText} {
		if p := submatch(re, text); p != "" {
			return p
		}
	}
	return ""
}

// isRate tells too many requests a minute from too many objects: Compute calls both a
// quota (gcp-facts.md §7).
func isRate(lower string) bool {
	for _, word := range []string{"ratelimitexceeded", "rate limit exceeded", "rate_limit_exceeded", "quota exceeded for quota group", "quota exceeded for quota metric"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return strings.HasPrefix(lower, "429")
}

func serviceOf(text string) string {
	m := serviceText.FindStringSubmatch(text)
	if m == nil {
		return "compute.googleapis.com"
	}
	return m[1] + m[2]
}

func consumerOf(text string) string {
	if c := submatch(consumerText, text); c != "" {
		return c
	}
	if p := submatch(unusedText, text); p != "" {
		return "projects/" + p
	}
	return ""
}

func submatch(re *regexp.Regexp, text string) string {
	if m := re.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}
