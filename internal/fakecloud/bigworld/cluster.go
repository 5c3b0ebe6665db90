package bigworld

import (
	"fmt"

	"google.golang.org/api/container/v1"
)

func gkeCluster() *container.Cluster {
	return &container.Cluster{
		Name: cluster, SelfLink: "https://container.googleapis.com/v1/" + clusterName, Location: region, Locations: zones, Zone: region,
		CreateTime: "2024-05-14T09:02:11+00:00", CurrentMasterVersion: "1.34.1-gke.3355000", CurrentNodeVersion: "1.34.1-gke.3355000", Status: "RUNNING",
		Network: "prod", Subnetwork: "prod-" + region, NetworkConfig: &container.NetworkConfig{Network: network, Subnetwork: subnetwork},
		ClusterIpv4Cidr: "10.8.0.0/14", ServicesIpv4Cidr: "10.92.0.0/20",
		IpAllocationPolicy: &container.IPAllocationPolicy{
			UseIpAliases: true, ClusterIpv4CidrBlock: "10.8.0.0/14", ServicesIpv4CidrBlock: "10.92.0.0/20",
			ClusterSecondaryRangeName: "pods", ServicesSecondaryRangeName: "services", StackType: "IPV4",
		},
		AddonsConfig: &container.AddonsConfig{HttpLoadBalancing: &container.HttpLoadBalancing{}},
		Endpoint:     "198.51.100.30",
		ControlPlaneEndpointsConfig: &container.ControlPlaneEndpointsConfig{
			DnsEndpointConfig: &container.DNSEndpointConfig{Endpoint: "gke-66c3988660d4." + region + ".gke.goog", AllowExternalTraffic: true},
			IpEndpointsConfig: &container.IPEndpointsConfig{Enabled: true, EnablePublicEndpoint: true, PublicEndpoint: "198.51.100.30", PrivateEndpoint: "10.132.0.2"},
		},
	}
}

// system is what the cluster has once.
func (b *builder) system() {
	b.add("v1", "Namespace", "", "kube-system", object{"metadata": object{"uid": kubeUID}, "status": object{"phase": "Active"}})
	b.add("v1", "ConfigMap", "kube-system", "ingress-uid", object{"data": object{"uid": ingressUID, "provider-uid": ingressUID}})
	b.compute("global/networks/prod", "network", object{
		"autoCreateSubnetworks": false, "subnetworks": list{link(subnetwork)}, "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
		"routingConfig": object{"routingMode": "REGIONAL"},
	})
	b.compute("regions/"+region+"/subnetworks/prod-"+region, "subnetwork", object{
		"network": link(network), "region": own("regions/" + region), "ipCidrRange": "10.132.0.0/20", "purpose": "PRIVATE", "stackType": "IPV4_ONLY",
		"secondaryIpRanges": list{
			object{"rangeName": "pods", "ipCidrRange": "10.8.0.0/14"}, object{"rangeName": "services", "ipCidrRange": "10.92.0.0/20"},
		},
	})
	b.compute("global/firewalls/k8s-fw-l7--"+ingressUID, "firewall", object{
		"description": "GCE L7 firewall rule", "network": link(network), "priority": 1000, "direction": "INGRESS",
		"sourceRanges": list{"130.211.0.0/22", "35.191.0.0/16"}, "targetTags": list{nodeTag},
		"allowed": list{object{"IPProtocol": "tcp", "ports": list{"8080"}}}, "disabled": false, "logConfig": object{"enable": false},
	})
}

// at is the node with this number: its name, zone, and the start of its pods' range.
func at(node int) (name, zone, pods string) {
	return fmt.Sprintf("gke-main-pool-1-5b7d9e2c-%04d", node), zones[node%len(zones)], fmt.Sprintf("10.%d.%d", 8+node/256, node%256)
}

func (b *builder) node(i int) {
	name, zone, pods := at(i)
	address := fmt.Sprintf("10.132.%d.%d", 1+i/250, 2+i%250)
	labels := object{
		"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "cloud.google.com/gke-nodepool": "pool-1",
		"topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone, "node.kubernetes.io/instance-type": "e2-standard-16",
	}
	var images list
	for n := range 40 {
		digest := uid(fmt.Sprint("image", n))
		images = append(images, object{"names": list{"registry.acme.example/shop/app@sha256:" + digest + digest, fmt.Sprintf("registry.acme.example/shop/app:2026.11.%d", n)}, "sizeBytes": int64(120_000_000 + n)})
	}
	b.add("v1", "Node", "", name, object{
		"metadata": object{"labels": labels, "annotations": object{"node.gke.io/last-applied-node-labels": "cloud.google.com/gke-nodepool=pool-1"}},
		"spec":     object{"podCIDR": pods + ".0/24", "podCIDRs": list{pods + ".0/24"}, "providerID": "gce://" + project + "/" + zone + "/" + name},
		"status": object{
			"addresses":  list{object{"type": "InternalIP", "address": address}, object{"type": "Hostname", "address": name}},
			"conditions": list{object{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status", "lastTransitionTime": "2026-11-03T05:20:58Z"}},
			"images":     images,
		},
	})
	b.compute("zones/"+zone+"/instances/"+name, "instance", object{
		"zone": own("zones/" + zone), "status": "RUNNING", "machineType": own("zones/" + zone + "/machineTypes/e2-standard-16"), "tags": object{"items": list{nodeTag}},
		"networkInterfaces": list{object{"name": "nic0", "network": link(network), "subnetwork": link(subnetwork), "networkIP": address}},
		"serviceAccounts":   list{object{"email": "nodes@" + project + ".iam.gserviceaccount.com"}},
		"labels":            object{"goog-gke-node": "", "goog-k8s-cluster-name": cluster},
	})
}
