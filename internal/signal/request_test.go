package signal_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/facts"
	"plumbline/internal/signal"
)

func TestFailedRequest(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "request-502"), trigger)
	want := &signal.Request{
		Status: 502, Details: "failed_to_connect_to_backend", URL: "https://shop.acme.example/cart", UserAgent: "Mozilla/5.0", Latency: 3120 * time.Microsecond,
		BackendService: "k8s1-1a2b3c4d-shop-web-80-5f6e7d8c",
		URLMap:         "k8s2-um-abc-shop-storefront-xyz", ForwardingRule: "k8s2-fs-abc-shop-storefront-xyz",
	}
	if diff := cmp.Diff(want, s.Request); diff != "" {
		t.Errorf("Request (-want +got):\n%s", diff)
	}
	if s.Kind != signal.RequestFailed || s.Target != resource("global", "BackendService", want.BackendService) {
		t.Errorf("%s of %+v", s.Kind, s.Target)
	}
}

func TestFailedRegionalRequest(t *testing.T) {
	t.Parallel()
	s := wantOutcome(t, entry(t, "request-504-regional"), trigger)
	if s.Request.Details != `error="http_response_timeout"; details="response_timeout"` || s.Request.Status != 504 {
		t.Errorf("Request = %+v", s.Request)
	}
	if want := resource("regions/us-central1", "BackendService", "gkegw1-x-shop-web-8080-5f6e7d8c"); s.Target != want {
		t.Errorf("Target = %+v, want %+v", s.Target, want)
	}
}

func TestRequestTargets(t *testing.T) {
	t.Parallel()
	const global, regional = "request-502", "request-504-regional"
	for name, tc := range map[string]struct {
		base  string
		edits []edit
		want  facts.Ref
	}{
		"no backend service":               {global, []edit{{labels + "backend_service_name", ""}}, resource("global", "URLMap", "k8s2-um-abc-shop-storefront-xyz")},
		"an empty backend service":         {global, []edit{{labels + "backend_service_name", `""`}}, resource("global", "URLMap", "k8s2-um-abc-shop-storefront-xyz")},
		"a regional one that nobody chose": {regional, []edit{{labels + "backend_target_name", `"UNKNOWN"`}}, resource("regions/us-central1", "URLMap", "gkegw1-x-shop-web-um")},
		"a target that is something else":  {regional, []edit{{labels + "backend_target_type", `"UNKNOWN"`}}, resource("regions/us-central1", "URLMap", "gkegw1-x-shop-web-um")},
		"an internal one":                  {regional, []edit{{"logName", `"projects/acme-prod/logs/loadbalancing.googleapis.com%2Frequests"`}, {"resource/type", `"internal_http_lb_rule"`}}, resource("regions/us-central1", "BackendService", "gkegw1-x-shop-web-8080-5f6e7d8c")},
		"an internal one across regions":   {regional, []edit{{"logName", `"projects/acme-prod/logs/loadbalancing.googleapis.com%2Frequests"`}, {"resource/type", `"internal_http_lb_rule"`}, {labels + "region", `"global"`}}, resource("global", "BackendService", "gkegw1-x-shop-web-8080-5f6e7d8c")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := wantOutcome(t, entry(t, tc.base, tc.edits...), trigger)
			if s.Target != tc.want {
				t.Errorf("Target = %+v, want %+v", s.Target, tc.want)
			}
		})
	}
}

func TestRequestOutcomes(t *testing.T) {
	t.Parallel()
	const global, regional = "request-502", "request-504-regional"
	const details, proxy, status = "jsonPayload/statusDetails", "jsonPayload/proxyStatus", "httpRequest/status"
	for name, tc := range map[string]struct {
		base  string
		edits []edit
		want  string
	}{
		"no healthy backend":                   {global, []edit{{status, `503`}, {details, `"failed_to_pick_backend"`}}, trigger},
		"a failure that nobody knew of":        {global, []edit{{details, `"something_new"`}}, trigger},
		"the app's own 502":                    {global, []edit{{details, `"response_sent_by_backend"`}}, ignored},
		"the app's own 502 out of the cache":   {global, []edit{{details, `"response_from_cache"`}}, ignored},
		"a 200":                                {global, []edit{{status, `200`}, {details, `"response_sent_by_backend"`}}, ignored},
		"a 404 of the load balancer":           {global, []edit{{status, `404`}, {details, `"internal_error"`}}, ignored},
		"a client that left":                   {global, []edit{{status, `0`}, {details, `"client_disconnected_before_any_response"`}}, ignored},
		"no status":                            {global, []edit{{status, ""}}, ignored},
		"status 600":                           {global, []edit{{status, `600`}}, ignored},
		"no details at all":                    {global, []edit{{details, ""}}, ignored},
		"the app's own 504, regional":          {regional, []edit{{proxy, ""}}, ignored},
		"proxyStatus without error":            {regional, []edit{{proxy, `"details=\"response_timeout\""`}}, ignored},
		"no healthy upstream":                  {regional, []edit{{status, `503`}, {proxy, `"error=\"destination_unavailable\"; details=\"no_healthy_upstream\""`}}, trigger},
		"neither backend service nor URL map":  {global, []edit{{labels + "backend_service_name", ""}, {labels + "url_map_name", ""}}, unparsable},
		"no project":                           {global, []edit{{labels + "project_id", ""}}, unparsable},
		"no region":                            {regional, []edit{{labels + "region", ""}}, unparsable},
		"a status as text":                     {global, []edit{{status, `"502"`}}, trigger},
		"a status that isn't a number":         {global, []edit{{status, `"Bad Gateway"`}}, unparsable},
		"an httpRequest that is text":          {global, []edit{{"httpRequest", `"GET /"`}}, unparsable},
		"a payload that is an array":           {global, []edit{{"jsonPayload", `[]`}}, unparsable},
		"labels of the wrong type":             {global, []edit{{"resource/labels", `true`}}, unparsable},
		"Cloud Run's requests":                 {global, []edit{{"logName", `"projects/acme-prod/logs/run.googleapis.com%2Frequests"`}, {"resource/type", `"cloud_run_revision"`}}, ignored},
		"requests of another sort of resource": {global, []edit{{"resource/type", `"l4_proxy_rule"`}}, ignored},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOutcome(t, entry(t, tc.base, tc.edits...), tc.want)
		})
	}
}

// TestRequestsOfHistory: what triggers nothing tells how often and why, once somebody
// looks.
func TestRequestsOfHistory(t *testing.T) {
	t.Parallel()
	const global, regional = "request-502", "request-504-regional"
	const details, proxy, status = "jsonPayload/statusDetails", "jsonPayload/proxyStatus", "httpRequest/status"
	for name, tc := range map[string]struct {
		base    string
		edits   []edit
		failure signal.Failure
		ignored bool
	}{
		"a 404 of the default backend":   {base: global, edits: []edit{{status, `404`}, {details, `"response_sent_by_backend"`}}},
		"the app's own 502":              {base: global, edits: []edit{{details, `"response_sent_by_backend"`}}},
		"a 200":                          {base: global, edits: []edit{{status, `200`}, {details, `"response_sent_by_backend"`}}},
		"a 404 of a Gateway":             {base: global, edits: []edit{{status, `404`}, {details, `"fault_filter_abort"`}}, failure: signal.NotRouted},
		"a 403 of a policy":              {base: global, edits: []edit{{status, `403`}, {details, `"denied_by_security_policy"`}}, failure: signal.Denied},
		"a websocket that was cut":       {base: global, edits: []edit{{status, `101`}, {details, `"backend_timeout"`}}, failure: signal.TimedOut},
		"a timeout, regional":            {base: regional, failure: signal.TimedOut},
		"a refused connection, regional": {base: regional, edits: []edit{{proxy, `"error=\"connection_refused\"; details=\"x\""`}}, failure: signal.ConnectFailed},
		"a failure that nobody knew of":  {base: global, edits: []edit{{details, `"something_new"`}}, failure: signal.OtherFailure},
		"a new one of the client's":      {base: global, edits: []edit{{status, `408`}, {details, `"client_something_new"`}}, failure: signal.ByClient},
		"a client that left":             {base: global, edits: []edit{{status, `0`}, {details, `"client_disconnected_before_any_response"`}}, ignored: true},
		"a 404 that names nothing":       {base: global, edits: []edit{{status, `404`}, {labels + "backend_service_name", ""}, {labels + "url_map_name", ""}}, ignored: true},
		"a latency that is none":         {base: global, edits: []edit{{"httpRequest/latency", `"soon"`}}, failure: signal.ConnectFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := signal.ParseHistory(entry(t, tc.base, tc.edits...))
			switch {
			case errors.Is(err, signal.ErrIgnored) != tc.ignored, err != nil && !tc.ignored:
				t.Errorf("error %v, ignored is to be %t", err, tc.ignored)
			case err == nil && s.Request.Failure() != tc.failure:
				t.Errorf("failure %q, want %q", s.Request.Failure(), tc.failure)
			}
		})
	}
}

func TestRequestedHostAndPath(t *testing.T) {
	t.Parallel()
	for url, want := range map[string][2]string{
		"https://Shop.acme.example:8443/cart?x=1": {"shop.acme.example", "/cart"},
		"http://shop.acme.example":                {"shop.acme.example", "/"},
		"https://[2001:db8::1]/a%20b":             {"2001:db8::1", "/a b"},
		"":                                        {"", "/"},
		"http://shop.acme.example/%zz":            {"", "/"},
	} {
		r := &signal.Request{URL: url}
		if got := [2]string{r.Host(), r.Path()}; got != want {
			t.Errorf("%q is for %v, want %v", url, got, want)
		}
	}
}
