package probe

import (
	"net/http"
	"strings"
	"testing"
)

func TestFromAPIServer(t *testing.T) {
	const status = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",`
	for _, tt := range []struct {
		name, body string
		code       int
		want       bool
	}{
		{"pods/proxy denied", status + `"message":"pods \"web-1:80\" is forbidden: User \"plumbline\" cannot get resource \"pods/proxy\"","reason":"Forbidden","details":{"name":"web-1:80","kind":"pods"},"code":403}`, 403, true},
		{"no such pod", status + `"message":"pods \"web-1\" not found","reason":"NotFound","details":{"name":"web-1","kind":"pods"},"code":404}`, 404, true},
		{"no connection", status + `"message":"error trying to reach service: dial tcp 10.8.0.7:80: connect: connection refused","reason":"ServiceUnavailable","code":503}`, 503, true},
		{"address not allowed", status + `"message":"address not allowed","reason":"BadRequest","code":400}`, 400, true},
		{"token not taken", status + `"message":"Unauthorized","reason":"Unauthorized","code":401}`, 401, true},
		{"too many requests", "Too many requests, please try again later.\n", 429, true},
		{"longer than is read", status + `"message":"` + strings.Repeat("x", bodyLimit), 500, true},
		{"an app on the same library refuses", status + `"message":"forbidden: User \"system:anonymous\" cannot get path \"/\"","reason":"Forbidden","details":{},"code":403}`, 403, false},
		{"an app on the same library has no such path", status + `"message":"the server could not find the requested resource","reason":"NotFound","details":{},"code":404}`, 404, false},
		{"a Status under another code", status + `"message":"x","reason":"InternalError","code":500}`, 503, false},
		{"a Status that is a success", `{"kind":"Status","apiVersion":"v1","status":"Success","code":404}`, 404, false},
		{"the app's own JSON", `{"status":"DOWN"}`, 503, false},
		{"the app's own page", "<html>502</html>", 502, false},
		{"an answer of 200", status + `"code":200}`, 200, false},
	} {
		head := []byte(tt.body)
		if got, _ := fromAPIServer(&http.Response{StatusCode: tt.code}, head[:min(len(head), bodyLimit)]); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
