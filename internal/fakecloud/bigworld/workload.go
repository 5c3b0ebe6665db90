package bigworld

import (
	"fmt"
	"maps"
	"slices"
)

// workload adds the Deployment, its ReplicaSets, the pods and their EndpointSlice.
func (b *builder) workload(l *loadBalancer, pods int) {
	const hash = "5d8c7f9b44"
	labels := object{"app": l.service}
	template := object{"metadata": object{"labels": labels}, "spec": podSpec(l)}
	deployment := object{
		"metadata": object{"labels": labels, "annotations": object{"deployment.kubernetes.io/revision": "2"}},
		"spec": object{
			"replicas": int64(pods), "selector": object{"matchLabels": labels}, "template": template, "revisionHistoryLimit": int64(10),
			"strategy": object{"type": "RollingUpdate", "rollingUpdate": object{"maxSurge": "25%", "maxUnavailable": "25%"}},
		},
		"status": object{"replicas": int64(pods), "readyReplicas": int64(pods), "availableReplicas": int64(pods), "updatedReplicas": int64(pods), "observedGeneration": int64(2)},
	}
	deployment["metadata"].(object)["managedFields"] = list{managed("kubectl-client-side-apply", "", "2026-11-10T10:02:05Z", object{"spec": deployment["spec"]})}
	b.add("apps/v1", "Deployment", l.namespace, l.service, deployment)
	owner := uid("Deployment/" + l.namespace + "/" + l.service)
	for _, h := range []string{"7c5d9b8f6d", hash} {
		replicas := 0
		if h == hash {
			replicas = pods
		}
		selected := object{"app": l.service, "pod-template-hash": h}
		b.add("apps/v1", "ReplicaSet", l.namespace, l.service+"-"+h, object{
			"metadata": object{"labels": selected, "ownerReferences": list{controller("Deployment", l.service, owner)}},
			"spec": object{
				"replicas": int64(replicas), "selector": object{"matchLabels": selected},
				"template": object{"metadata": object{"labels": selected}, "spec": template["spec"]},
			},
			"status": object{"replicas": int64(replicas), "readyReplicas": int64(replicas)},
		})
	}
	var endpoints list
	for n := range pods {
		endpoints = append(endpoints, b.pod(l, l.service+"-"+hash, l.number*pods+n))
	}
	b.add("discovery.k8s.io/v1", "EndpointSlice", l.namespace, l.service+"-x7k2p", object{
		"metadata": object{"labels": object{
			"app": l.service, "kubernetes.io/service-name": l.service, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
		}, "ownerReferences": list{object{"apiVersion": "v1", "kind": "Service", "name": l.service, "uid": uid("Service/" + l.namespace + "/" + l.service), "controller": true, "blockOwnerDeletion": true}}},
		"addressType": "IPv4", "ports": list{object{"name": "http", "port": int64(8080), "protocol": "TCP"}}, "endpoints": append(list{}, endpoints...),
	})
}

func controller(kind, name, uid string) object {
	return object{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true, "blockOwnerDeletion": true}
}

// pod adds the pod with this number in the whole cluster, and to the NEG and its
// health; it returns its part of the EndpointSlice.
func (b *builder) pod(l *loadBalancer, replicaSet string, number int) object {
	node, zone, prefix := at(number % b.nodes)
	ip := fmt.Sprintf("%s.%d", prefix, 2+number/b.nodes)
	name := replicaSet + "-" + contentHash(fmt.Sprint(number))[:5]
	spec := maps.Clone(podSpec(l))
	spec["nodeName"] = node
	status := podStatus(l, ip, zone)
	b.add("v1", "Pod", l.namespace, name, object{
		"metadata": object{
			"generateName": replicaSet + "-", "creationTimestamp": "2026-11-10T10:02:11Z",
			"labels":          object{"app": l.service, "pod-template-hash": replicaSet[len(l.service)+1:]},
			"annotations":     object{"prometheus.io/scrape": "true", "prometheus.io/port": "9102"},
			"ownerReferences": list{controller("ReplicaSet", replicaSet, uid("ReplicaSet/"+l.namespace+"/"+replicaSet))},
			"managedFields": list{
				managed("kube-controller-manager", "", "2026-11-10T10:02:11Z", object{"metadata": object{"generateName": "", "labels": object{"app": "", "pod-template-hash": ""}}, "spec": podSpec(l)}),
				managed("neg-controller", "status", "2026-11-10T10:02:31Z", object{"status": object{"conditions": status["conditions"].(list)[:1]}}),
				managed("kubelet", "status", "2026-11-10T10:02:20Z", object{"status": status}),
			},
		},
		"spec": spec, "status": status,
	})
	l.endpoints[zone] = append(l.endpoints[zone], object{"networkEndpoint": object{"instance": node, "ipAddress": ip, "port": 8080}})
	l.healthStates[zone] = append(l.healthStates[zone], object{"healthState": "HEALTHY", "ipAddress": ip, "port": 8080})
	return object{
		"addresses": list{ip}, "conditions": object{"ready": true, "serving": true, "terminating": false}, "nodeName": node, "zone": zone,
		"targetRef": object{"kind": "Pod", "namespace": l.namespace, "name": name, "uid": uid("Pod/" + l.namespace + "/" + name)},
	}
}

func podStatus(l *loadBalancer, ip, zone string) object {
	conditions := list{object{
		"type": "cloud.google.com/load-balancer-neg-ready", "status": "True", "reason": "LoadBalancerNegReady", "lastProbeTime": nil, "lastTransitionTime": nil,
		"message": fmt.Sprintf(`Pod has become Healthy in NEG "Key{"%s", zone: "%s"}" attached to BackendService "Key{"%s"}". Marking condition "cloud.google.com/load-balancer-neg-ready" to True.`, l.neg, zone, l.neg),
	}}
	for _, kind := range []string{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		conditions = append(conditions, object{"type": kind, "status": "True", "lastProbeTime": nil, "lastTransitionTime": "2026-11-10T10:02:20Z"})
	}
	digest := uid("image") + uid("digest")
	running := func(name, image string) object {
		return object{
			"name": name, "image": image, "imageID": image + "@sha256:" + digest, "containerID": "containerd://" + digest, "ready": true, "started": true,
			"restartCount": int64(0), "state": object{"running": object{"startedAt": "2026-11-10T10:02:15Z"}}, "lastState": object{},
		}
	}
	return object{
		"phase": "Running", "hostIP": "10.132.1.2", "podIP": ip, "podIPs": list{object{"ip": ip}}, "startTime": "2026-11-10T10:02:11Z", "qosClass": "Burstable",
		"conditions":        conditions,
		"containerStatuses": list{running("metrics", "registry.acme.example/shop/metrics:1.9.2"), running("web", "registry.acme.example/shop/web:2026.11.3")},
	}
}

// podSpec is that of all pods of a load balancer, as the API server has it with its
// defaults and what admission puts in.
func podSpec(l *loadBalancer) object {
	if l.spec == nil {
		l.spec = newPodSpec()
	}
	return l.spec
}

func newPodSpec() object {
	token := object{"name": "kube-api-access-7xk2p", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true}
	env := list{object{"name": "POD_NAME", "valueFrom": object{"fieldRef": object{"apiVersion": "v1", "fieldPath": "metadata.name"}}}}
	for _, name := range []string{"DATABASE_URL", "CACHE_URL", "QUEUE_URL", "LOG_LEVEL", "FEATURE_FLAGS_URL", "OTEL_EXPORTER_OTLP_ENDPOINT", "HTTP_PORT", "REGION"} {
		env = append(env, object{"name": name, "value": "tcp://" + name + ".shop.svc.cluster.local:8443"})
	}
	probe := func(path string) object {
		return object{
			"httpGet": object{"path": path, "port": "http", "scheme": "HTTP"}, "periodSeconds": int64(10), "timeoutSeconds": int64(2),
			"successThreshold": int64(1), "failureThreshold": int64(3),
		}
	}
	base := func(name, image string) object {
		return object{
			"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
			"resources":       object{"requests": object{"cpu": "100m", "memory": "256Mi"}, "limits": object{"memory": "512Mi"}},
			"securityContext": object{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": list{"ALL"}}},
			"volumeMounts":    list{object{"name": "tmp", "mountPath": "/tmp"}, object{"name": "config", "mountPath": "/etc/web", "readOnly": true}, token},
		}
	}
	web, metrics := base("web", "registry.acme.example/shop/web:2026.11.3"), base("metrics", "registry.acme.example/shop/metrics:1.9.2")
	web["ports"] = list{object{"name": "http", "containerPort": int64(8080), "protocol": "TCP"}}
	web["args"], web["env"] = list{"/usr/local/bin/web", "--listen=:8080", "--config=/etc/web/config.yaml"}, env
	web["envFrom"] = list{object{"configMapRef": object{"name": "web-defaults"}}}
	web["readinessProbe"], web["livenessProbe"], web["startupProbe"] = probe("/ready"), probe("/live"), probe("/live")
	web["lifecycle"] = object{"preStop": object{"sleep": object{"seconds": int64(15)}}}
	metrics["ports"] = list{object{"name": "metrics", "containerPort": int64(9102), "protocol": "TCP"}}
	toleration := func(key string) object {
		return object{"key": "node.kubernetes.io/" + key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": int64(300)}
	}
	return object{
		"containers":     slices.Clone(list{metrics, web}),
		"readinessGates": list{object{"conditionType": "cloud.google.com/load-balancer-neg-ready"}},
		"dnsPolicy":      "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always", "schedulerName": "default-scheduler", "preemptionPolicy": "PreemptLowerPriority",
		"priority": int64(0), "serviceAccount": "web", "serviceAccountName": "web", "terminationGracePeriodSeconds": int64(30),
		"securityContext": object{"runAsNonRoot": true, "seccompProfile": object{"type": "RuntimeDefault"}},
		"tolerations":     list{toleration("not-ready"), toleration("unreachable")},
		"topologySpreadConstraints": list{object{
			"maxSkew": int64(1), "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": object{"matchLabels": object{"app": "web"}},
		}},
		"volumes": list{
			object{"name": "tmp", "emptyDir": object{}},
			object{"name": "config", "configMap": object{"name": "web-config", "defaultMode": int64(420)}},
			object{"name": "kube-api-access-7xk2p", "projected": object{"defaultMode": int64(420), "sources": list{
				object{"serviceAccountToken": object{"expirationSeconds": int64(3607), "path": "token"}},
				object{"configMap": object{"name": "kube-root-ca.crt", "items": list{object{"key": "ca.crt", "path": "ca.crt"}}}},
				object{"downwardAPI": object{"items": list{object{"path": "namespace", "fieldRef": object{"apiVersion": "v1", "fieldPath": "metadata.namespace"}}}}},
			}}},
		},
	}
}
