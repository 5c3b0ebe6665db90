package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plumbline/internal/cause"
	"plumbline/internal/facts"
	"plumbline/internal/firewall"
	"plumbline/internal/glbc"
	"plumbline/internal/path"
)

const statusOK = 200

// answerNeeds are what tells which answer the check gets.
var answerNeeds = []facts.Kind{
	facts.Ingresses, facts.Services, facts.BackendServices, facts.HealthChecks, facts.BackendHealth, facts.RegionBackendHealth,
	facts.NEGs, facts.Pods, facts.Probes, facts.Logs,
}

// needs are those and more, each once.
func needs(more ...facts.Kind) []facts.Kind { return append(slices.Clone(answerNeeds), more...) }

// rejection is the answer for which the check calls the endpoints UNHEALTHY, where one
// was seen: our own probe's, else the log's. The probe sends another Host than the check,
// which may matter where the check has one set; and where the log says that no answer
// came at all, what the app would say isn't what the check failed of.
func (b *backend) rejection() (cause.Confidence, answer) {
	probed, logged := b.rejected(true), b.rejected(false)
	switch {
	case len(probed) > 0 && len(logged) == 0 && b.silent != "":
		return cause.Possible, probed[0]
	case len(probed) > 0 && len(logged) == 0 && b.check.Host != "":
		return cause.Likely, probed[0]
	case len(probed) > 0:
		return cause.Proven, probed[0]
	case b.asked() || len(logged) == 0:
		return 0, answer{}
	case b.refused != "":
		return cause.Likely, logged[0]
	}
	return cause.Proven, logged[0]
}

// rejected are the answers other than 200, the most frequent status first.
func (b *backend) rejected(probed bool) []answer {
	var list []answer
	times := map[int]int{}
	for _, a := range b.answers {
		if a.probed == probed && a.status != statusOK {
			list = append(list, a)
			times[a.status]++
		}
	}
	slices.SortStableFunc(list, func(x, y answer) int { return cmp.Compare(times[y.status], times[x.status]) })
	return list
}

// admitted: the rules surely let Google's probers through to every endpoint.
func (b *backend) admitted() bool {
	verdicts := b.verdicts()
	return len(verdicts) > 0 && !slices.ContainsFunc(verdicts, func(v path.FirewallVerdict) bool {
		return !v.Proven && v.Verdict.Outcome != firewall.Allowed
	})
}

// verdicts are those on the port that the check asks.
func (b *backend) verdicts() []path.FirewallVerdict {
	all := path.FirewallVerdicts(b.in.Facts, b.Backend, path.Evidence{Logged: b.in.LoggedUnhealthy()})
	return slices.DeleteFunc(all, func(v path.FirewallVerdict) bool {
		return v.Proxies || b.check.Port != 0 && v.Packet.Port != uint16(b.check.Port&0xffff)
	})
}

// statusIs weighs a cause that consists in a sort of status. It is no surer than a deeper
// cause of the layer that says why the check gets it, so that the deeper one explains it.
func statusIs(sort func(status int) bool) func(*backend) (cause.Confidence, answer) {
	return func(b *backend) (cause.Confidence, answer) {
		confidence, a := b.rejection()
		if confidence == 0 {
			confidence, a = b.wrongHost()
		}
		if confidence == 0 || !sort(a.status) {
			return 0, answer{}
		}
		return b.capped(confidence), a
	}
}

// capped is a confidence no higher than that of what explains the answer.
func (b *backend) capped(confidence cause.Confidence) cause.Confidence {
	_, deeper, _ := b.wrongQuestion()
	for _, weigh := range []func(*backend) (cause.Confidence, answer){
		(*backend).wrongHost, (*backend).wrongProtocol, (*backend).speaksGRPC,
	} {
		sure, _ := weigh(b)
		deeper = max(deeper, sure)
	}
	if deeper == 0 {
		return confidence
	}
	return min(confidence, deeper)
}

// answersFine is the evidence against a bad status: our probe got 200.
func (b *backend) answersFine() string {
	for _, a := range b.answers {
		if a.probed && a.status == statusOK {
			return a.source + " got 200"
		}
	}
	return ""
}

func (b *backend) nothing() string { return "" }

// tell makes a finding of a status.
func (b *backend) tell(c cause.Case, confidence cause.Confidence, a answer, headline string) cause.Finding {
	f := b.finding(c, confidence)
	f.Headline = headline
	f.Summary = b.why(a)
	f.Contract = b.contract(a)
	f.Fix = b.fixStatus(a)
	f.Change = b.handEdit()
	return f
}

// why says how the pods can be Ready all the same.
func (b *backend) why(a answer) string {
	const strict = "Google's check takes exactly 200."
	row, ok := b.kubelet(a)
	switch {
	case !ok:
		return strict
	case b.readyPods() == 0:
		return "The pods aren't Ready for the kubelet either; " + strict
	case row.Asked == noProbe:
		return "Without a readiness probe the kubelet calls the pods Ready whatever they answer; " + strict
	case a.status >= 400 && strings.HasSuffix(row.Asked, b.where()) && b.probesHost() == "" && b.check.Host == "":
		return "The kubelet asks the same and calls the pods Ready, so the answer is new or depends on who asks; " + strict
	case a.status < 400 && strings.Contains(row.Got, fmt.Sprint(a.status)):
		return "The kubelet accepts every status from 200 to 399 and calls the pods Ready; " + strict
	}
	return "The kubelet asks something else and calls the pods Ready; " + strict
}

// app is what people call it: by its name, where it is known, else the Service's.
func (b *backend) app() string {
	if h, ok := b.known(); ok {
		return h.App
	}
	if b.Service != "" {
		return b.Namespace + "/" + b.Service
	}
	bs, _ := b.BackendService.Get()
	return bs.GetName()
}

// handEdit is who wrote the path that the health check has now; nil unless the log tells
// it for sure.
func (b *backend) handEdit() *cause.Change {
	hc, ok := b.HealthCheck.Get()
	if !ok {
		return nil
	}
	section := strings.ToLower(b.check.Type) + "HealthCheck.requestPath"
	ch := b.in.Wrote(glbc.ComputeRef(facts.KindHealthCheck, hc.GetSelfLink()), section)
	if ch == nil || ch.To == nil || *ch.To != b.check.Path {
		return nil
	}
	return ch
}
