package glbc_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline/internal/glbc"
)

// The world's Gateway is in good order: its routes lead to what was built for them,
// and the live checks are those that the controller makes.
func TestTheGatewayWorldIsWhatTheControllerMakes(t *testing.T) {
	t.Parallel()
	s := snapshot(t, "gateway")
	g, ok := glbc.GatewayNamed(s, "edge", "public").Get()
	if !ok {
		t.Fatal("the Gateway isn't there")
	}
	routing := glbc.RoutingOf(s, g)
	if routing.Err != nil || len(routing.Refused) > 0 || len(routing.Routes) != 2 {
		t.Errorf("%d routes, refused %+v: %v", len(routing.Routes), routing.Refused, routing.Err)
	}
	var got []string
	for _, b := range routing.Backends {
		bs, _ := b.BackendService.Get()
		got = append(got, b.Service+" "+bs.GetName())
		hc, _ := b.HealthCheck.Get()
		want, ok := glbc.DesiredGatewayCheck(s, b).Get()
		if diff := cmp.Diff(want.Check, glbc.CheckOf(hc)); !ok || diff != "" {
			t.Errorf("check of %s: %s", b.Service, diff)
		}
	}
	if diff := cmp.Diff([]string{"pay gkegw1-m86x-pay-pay-8080-71kp3z1hx3hh", "web gkegw1-m86x-shop-web-80-xp7dtep2nxb1"}, got); diff != "" {
		t.Error(diff)
	}
	f := glbc.GatewayFrontendOf(s, g)
	if len(f.ForwardingRules) != 2 || len(f.HTTPProxies) != 1 || len(f.HTTPSProxies) != 1 || len(f.URLMaps) != 2 || len(f.Certificates) != 1 || len(f.Missing) > 0 || f.Err != nil {
		t.Errorf("frontend %+v", f)
	}
	if diff := cmp.Diff([]string{"shop.acme.example"}, glbc.GatewayHosts(s, g)); diff != "" {
		t.Error(diff)
	}
	g.Annotations = nil
	if byAddress := glbc.GatewayFrontendOf(s, g); len(byAddress.ForwardingRules) != 2 || len(byAddress.URLMaps) != 2 {
		t.Errorf("by address: %+v", byAddress)
	}
}
