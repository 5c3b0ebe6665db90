package scenario

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRemove(t *testing.T) {
	removing := func(paths ...string) string {
		return strings.Replace(onBase, "version: 1\n", "version: 1\nremove:\n- "+strings.Join(paths, "\n- ")+"\n", 1)
	}
	s := over(t, removing("compute/"+servicePath, "compute/"+firewallPath+".json", "kubernetes/main/Service/shop/web", "kubernetes/main/Namespace/shop", "logging/audit.jsonl", "dns.yaml"))
	if got := sortedKeys(s.World.Compute); !cmp.Equal(got, []string{checkPath, groupPath}) {
		t.Errorf("Compute holds %v", got)
	}
	if len(s.World.Health) != 0 || len(s.World.Endpoints) != 1 || len(s.World.Kubernetes["main"]) != 0 || s.World.DNS != nil {
		t.Errorf("the world is %+v", s.World)
	}
	if diff := cmp.Diff([]string{`{"insertId":"base-event"}`, `{"insertId":"base-trigger"}`}, texts(s.World.Logs)); diff != "" {
		t.Error(diff)
	}
	gone := over(t, removing("compute/"+groupPath+"/endpoints"))
	if len(gone.World.Endpoints) != 0 || gone.World.Compute[groupPath] == nil {
		t.Errorf("endpoints are %v", gone.World.Endpoints)
	}
	if s := over(t, removing("container/"+clusterPath, "kubernetes/main/Service/shop/web", "kubernetes/main/Namespace/shop")); len(s.World.Clusters) != 0 {
		t.Errorf("clusters are %v", s.World.Clusters)
	}
	again := over(t, removing("compute/"+firewallPath)+"-- compute/"+firewallPath+".json --\n{\"direction\": \"INGRESS\"}\n")
	if f := fields(t, again.World.Compute[firewallPath]); f["sourceRanges"] != nil || f["direction"] != "INGRESS" {
		t.Errorf("removed and given anew, the firewall is %v", f)
	}
}

func TestRemovingWhatIsNotThere(t *testing.T) {
	for _, path := range []string{
		"compute/projects/shop-prod/global/firewalls/other", "compute/projects/shop-prod/global/firewalls", "kubernetes/main/Service/other/web",
		"kubernetes/main/Service/web", "kubernetes/other/Service/shop/web", "container/projects/shop-prod/locations/l/clusters/main", "logging/x.jsonl",
	} {
		t.Run(path, func(t *testing.T) {
			write(t, map[string]string{"worlds/base.txtar": base, "x.txtar": onBase + "remove:\n- " + path + "\n"})
			_, _, err := Load("x.txtar", Options{})
			if want := "x.txtar:7: scenario.yaml: there is no " + path + " to remove"; err == nil || err.Error() != want {
				t.Errorf("error\n got %v\nwant %s", err, want)
			}
		})
	}
}
