package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/glbc"
)

const (
	noProbe          = "no readiness probe"
	wantsCertificate = "wants a certificate"
)

// contract is the probe-contract table: what the kubelet, Google's check and our
// own probe asked and got.
func (b *backend) contract(a answer) []cause.ContractRow {
	var rows []cause.ContractRow
	if row, ok := b.kubelet(a); ok {
		rows = append(rows, row)
	}
	google := cause.ContractRow{Observer: "Google LB", Asked: b.verb() + " " + b.where(), Got: b.googleGot(), Differs: true}
	rows = append(rows, google)
	if a.probed {
		rows = append(rows, cause.ContractRow{Observer: "our probe", Asked: "the same, " + a.at.UTC().Format("15:04"), Got: fmt.Sprintf("%d%s", a.status, b.short(a))})
	} else if i := slices.IndexFunc(b.answers, func(o answer) bool { return o.probed }); i >= 0 {
		rows = append(rows, cause.ContractRow{Observer: "our probe", Asked: "the same, " + b.answers[i].at.UTC().Format("15:04"), Got: fmt.Sprintf("%d%s", b.answers[i].status, b.short(b.answers[i]))})
	} else if b.refused != "" {
		rows = append(rows, cause.ContractRow{Observer: "our probe", Asked: "the same", Got: inWord(b.refused)})
	}
	for _, r := range []reply{b.readiness, b.serving, b.swapped} {
		row := cause.ContractRow{Observer: "our probe", Asked: askedOf(r.asked), Got: inWord(r.Unreachable)}
		if r.talks() {
			row.Got = fmt.Sprint(r.Status)
		}
		plain := r == b.swapped && !r.talks() && row.Got != wantsCertificate // It was only to be sure.
		if r.asked.Port != 0 && !plain && !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	return fit(rows)
}

// tableWidth is a phone's (chat-message.md).
const tableWidth = 64

// fit shortens what was asked until each row has its three columns and the mark.
func fit(rows []cause.ContractRow) []cause.ContractRow {
	observer, got := 0, 0
	for _, r := range rows {
		observer, got = max(observer, len([]rune(r.Observer))), max(got, len([]rune(r.Got)))
	}
	left := max(tableWidth-observer-got-len("    ")-len(" x"), 12)
	for i := range rows {
		if asked := []rune(rows[i].Asked); len(asked) > left {
			rows[i].Asked = string(asked[:left-1]) + "…"
		}
	}
	return rows
}

// verb is how the check asks; plain HTTP goes without saying.
func (b *backend) verb() string {
	if b.check.Type == "HTTP" {
		return "GET"
	}
	return "GET " + strings.ToLower(b.check.Type)
}

func askedOf(r facts.ProbeRequest) string {
	if r.Scheme == "https" {
		return fmt.Sprintf("GET https :%d%s", r.Port, r.Path)
	}
	return fmt.Sprintf("GET :%d%s", r.Port, r.Path)
}

// googleGot is what the health-check log tells of the check's own request.
func (b *backend) googleGot() string {
	for _, h := range b.logged {
		if code := h.StatusCode(); code != 0 {
			return fmt.Sprintf("%d  UNHEALTHY", code)
		}
	}
	for _, h := range b.logged {
		if word := inWord(h.ResultText); h.Detailed == "TIMEOUT" || word != "" {
			return cmp.Or(word, "no answer") + "  UNHEALTHY"
		}
	}
	return "UNHEALTHY"
}

// inWord is a failed connection in a word or two; empty for none.
func inWord(text string) string {
	text = strings.ToLower(text)
	for _, of := range []struct{ part, word string }{
		{"certificate", wantsCertificate},
		{"refused", "refused"},
		{"reset", "reset"},
		{"look like a tls handshake", "speaks no TLS"},
		{"gave http response", "speaks no TLS"},
		{"malformed http", "speaks no HTTP/1.1"},
		{"eof", "hangs up"},
		{"waiting for connect", "no connection"},
		{"connection timed out", "no connection"},
		{"in time", "no answer"},
		{"timeout", "no answer"},
		{"tls", "TLS fails"},
		{"connect failed", "no connection"},
	} {
		if strings.Contains(text, of.part) {
			return of.word
		}
	}
	if text != "" {
		return "no connection"
	}
	return ""
}

func (b *backend) short(a answer) string {
	if b.toHTTPS(a) {
		return " → https"
	}
	return strings.Replace(b.leads(a), " to ", " → ", 1)
}

// kubelet is what the readiness probe of the pods asks, and what came of it.
func (b *backend) kubelet(a answer) (cause.ContractRow, bool) {
	if len(b.pods) == 0 {
		return cause.ContractRow{}, false
	}
	pod := b.pods[0]
	row := cause.ContractRow{Observer: "kubelet", Asked: noProbe, Got: "not Ready"}
	if glbc.IsReady(pod) {
		row.Got = "Ready"
	}
	container, ok := b.probed(pod)
	if !ok {
		return row, true
	}
	switch p := container.ReadinessProbe; {
	case p.HTTPGet != nil:
		where := ":" + portText(container, p.HTTPGet) + slash(p.HTTPGet.Path)
		row.Asked = "GET " + scheme(p.HTTPGet) + where
		if same := where == b.where() && (scheme(p.HTTPGet) == "") == (b.check.Type == "HTTP"); same && a.status != 0 && a.status < 400 && row.Got == "Ready" {
			row.Got = fmt.Sprintf("%d  Ready", a.status)
			if b.toHTTPS(a) && followed(a) || a.location == "" && b.settingDecides() {
				row.Got = fmt.Sprintf("%d→200  Ready", a.status)
			}
		}
	case p.TCPSocket != nil:
		row.Asked = "connects to :" + cmp.Or(strings.TrimPrefix(fmt.Sprint(glbc.ProbePort(container, p.TCPSocket.Port)), "0"), p.TCPSocket.Port.String())
	case p.GRPC != nil:
		row.Asked = fmt.Sprintf("gRPC :%d", p.GRPC.Port)
	case p.Exec != nil:
		row.Asked = "runs a command"
	}
	return row, true
}

// probed is the container whose readiness probe counts: the one that declares the
// checked port, else the first that has a probe.
func (b *backend) probed(pod *corev1.Pod) (found corev1.Container, ok bool) {
	for _, c := range pod.Spec.Containers {
		if c.ReadinessProbe == nil {
			continue
		}
		serves := slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.ContainerPort == b.port })
		if serves {
			return c, true
		}
		if !ok {
			found, ok = c, true
		}
	}
	return found, ok
}

func scheme(get *corev1.HTTPGetAction) string {
	if get.Scheme == corev1.URISchemeHTTPS {
		return "https "
	}
	return ""
}

// summary says why the pods are Ready all the same, where that is known.
func (b *backend) summary(a answer) string {
	const strict = "Google's check takes exactly 200 and follows no redirect."
	row, ok := b.kubelet(a)
	switch {
	case !ok || b.readyPods() == 0:
		return strict
	case row.Asked == noProbe:
		return "Without a readiness probe the kubelet calls the pods Ready; " + strict
	case strings.Contains(row.Got, "→"):
		return "The kubelet follows the redirect and calls the pods Ready; Google's check doesn't follow and calls them UNHEALTHY."
	case row.Asked == "GET "+b.where():
		return "The kubelet accepts every status from 200 to 399 and calls the pods Ready; Google's check wants exactly 200."
	}
	return "The kubelet asks something else and calls the pods Ready; " + strict
}

func portText(container corev1.Container, get *corev1.HTTPGetAction) string {
	for _, p := range container.Ports {
		if get.Port.StrVal != "" && p.Name == get.Port.StrVal {
			return fmt.Sprint(p.ContainerPort)
		}
	}
	return get.Port.String()
}

func slash(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return "/" + path
}
