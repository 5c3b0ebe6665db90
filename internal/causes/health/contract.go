package health

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline/internal/cause"
	"plumbline/internal/glbc"
)

const noProbe = "no readiness probe"

// contract is the probe-contract table: what the kubelet, Google's check and our
// own probe asked and got.
func (b *backend) contract(a answer) []cause.ContractRow {
	var rows []cause.ContractRow
	if row, ok := b.kubelet(a); ok {
		rows = append(rows, row)
	}
	google := cause.ContractRow{Observer: "Google LB", Asked: "GET " + b.where(), Got: "UNHEALTHY", Differs: true}
	if _, logged := b.redirects(); len(logged) > 0 {
		google.Got = fmt.Sprintf("%d  UNHEALTHY", logged[0].status)
	}
	rows = append(rows, google)
	if a.probed {
		rows = append(rows, cause.ContractRow{Observer: "our probe", Asked: "the same, " + a.at.UTC().Format("15:04"), Got: fmt.Sprintf("%d%s", a.status, b.short(a))})
	}
	return rows
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
		if same := row.Asked == "GET "+where && where == b.where(); same && a.status != 0 && row.Got == "Ready" {
			row.Got = fmt.Sprintf("%d  Ready", a.status)
			if b.toHTTPS(a) && followed(a) || a.location == "" && b.settingDecides() {
				row.Got = fmt.Sprintf("%d→200  Ready", a.status)
			}
		}
	case p.TCPSocket != nil:
		row.Asked = "connects to :" + p.TCPSocket.Port.String()
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
