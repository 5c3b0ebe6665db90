package app

import "strings"

// reference is what gcloud and kubectl accept of the commands that messages give: the
// flags of each, from `gcloud … --help` as published at
// https://cloud.google.com/sdk/gcloud/reference, and from
// https://kubernetes.io/docs/reference/kubectl/generated. A flag ends in = when it takes
// a value.
var reference = map[string]string{
	"gcloud container clusters update":                              "--location= --region= --zone= --update-addons= --gateway-api= --enable-master-global-access --enable-network-policy --enable-ip-alias",
	"gcloud container clusters describe":                            "--location= --region= --zone= --format=",
	"gcloud container operations list":                              "--location= --region= --zone= --filter= --limit= --sort-by= --format=",
	"gcloud container node-pools create":                            "--cluster= --location= --num-nodes= --machine-type= --enable-autoscaling --max-nodes= --min-nodes=",
	"gcloud container clusters resize":                              "--location= --num-nodes= --node-pool=",
	"gcloud compute health-checks update http":                      healthCheckFlags,
	"gcloud compute health-checks update https":                     healthCheckFlags,
	"gcloud compute health-checks update http2":                     healthCheckFlags,
	"gcloud compute health-checks update tcp":                       "--global --region= --port= --use-serving-port --check-interval= --timeout= --healthy-threshold= --unhealthy-threshold= --enable-logging --no-enable-logging",
	"gcloud compute health-checks update grpc":                      "--global --region= --port= --use-serving-port --check-interval= --timeout= --healthy-threshold= --unhealthy-threshold= --enable-logging --no-enable-logging --grpc-service-name=",
	"gcloud compute health-checks describe":                         "--global --region= --format=",
	"gcloud compute firewall-rules create":                          "--network= --direction= --action= --allow= --rules= --source-ranges= --destination-ranges= --target-tags= --target-service-accounts= --source-tags= --priority= --description= --disabled --enable-logging",
	"gcloud compute firewall-rules update":                          "--allow= --rules= --source-ranges= --destination-ranges= --target-tags= --target-service-accounts= --source-tags= --priority= --description= --disabled --no-disabled --enable-logging",
	"gcloud compute firewall-rules delete":                          "--quiet",
	"gcloud compute firewall-rules describe":                        "--format=",
	"gcloud compute firewall-policies rules update":                 policyRuleFlags + " --firewall-policy= --organization=",
	"gcloud compute firewall-policies rules describe":               "--firewall-policy= --organization= --format=",
	"gcloud compute firewall-policies rules create":                 policyRuleFlags + " --firewall-policy= --organization=",
	"gcloud compute network-firewall-policies rules update":         policyRuleFlags + " --firewall-policy= --global-firewall-policy --firewall-policy-region=",
	"gcloud compute network-firewall-policies rules create":         policyRuleFlags + " --firewall-policy= --global-firewall-policy --firewall-policy-region=",
	"gcloud compute network-firewall-policies rules delete":         "--firewall-policy= --global-firewall-policy --firewall-policy-region=",
	"gcloud compute network-firewall-policies rules describe":       "--firewall-policy= --global-firewall-policy --firewall-policy-region= --format=",
	"gcloud compute backend-services get-health":                    "--global --region= --format= --filter= --flatten=",
	"gcloud compute backend-services describe":                      "--global --region= --format=",
	"gcloud compute backend-services list":                          "--global --regions= --filter= --format=",
	"gcloud compute backend-services update":                        "--global --region= --timeout= --connection-draining-timeout= --protocol= --security-policy= --enable-logging --logging-sample-rate= --health-checks= --global-health-checks --health-checks-region= --iap=",
	"gcloud compute backend-services update-backend":                "--global --region= --network-endpoint-group= --network-endpoint-group-zone= --network-endpoint-group-region= --global-network-endpoint-group --instance-group= --instance-group-zone= --instance-group-region= --capacity-scaler= --max-rate= --max-rate-per-endpoint= --max-rate-per-instance= --balancing-mode= --max-utilization=",
	"gcloud compute backend-services add-backend":                   "--global --region= --network-endpoint-group= --network-endpoint-group-zone= --network-endpoint-group-region= --global-network-endpoint-group --instance-group= --instance-group-zone= --instance-group-region= --capacity-scaler= --max-rate= --max-rate-per-endpoint= --max-rate-per-instance= --balancing-mode= --max-utilization=",
	"gcloud compute backend-services remove-backend":                "--global --region= --network-endpoint-group= --network-endpoint-group-zone= --network-endpoint-group-region= --instance-group= --instance-group-zone= --instance-group-region=",
	"gcloud compute backend-services delete":                        "--global --region= --quiet",
	"gcloud compute network-endpoint-groups delete":                 "--zone= --region= --global --quiet",
	"gcloud compute network-endpoint-groups describe":               "--zone= --region= --global --format=",
	"gcloud compute network-endpoint-groups list":                   "--zones= --regions= --global --filter= --format=",
	"gcloud compute network-endpoint-groups list-network-endpoints": "--zone= --region= --global --format=",
	"gcloud compute addresses create":                               "--global --region= --addresses= --ip-version= --network-tier= --subnet= --purpose= --description= --network= --prefix-length=",
	"gcloud compute addresses describe":                             "--global --region= --format=",
	"gcloud compute addresses list":                                 "--global --regions= --filter= --format=",
	"gcloud compute forwarding-rules list":                          "--global --regions= --filter= --format=",
	"gcloud compute forwarding-rules describe":                      "--global --region= --format=",
	"gcloud compute forwarding-rules delete":                        "--global --region= --quiet",
	"gcloud compute networks subnets create":                        "--network= --region= --range= --purpose= --role= --description=",
	"gcloud compute networks subnets update":                        "--region= --role= --drain-timeout=",
	"gcloud compute ssl-certificates create":                        "--global --region= --certificate= --private-key= --domains= --description=",
	"gcloud compute ssl-certificates describe":                      "--global --region= --format=",
	"gcloud compute ssl-certificates list":                          "--global --regions= --filter= --format=",
	"gcloud compute ssl-policies create":                            "--global --region= --profile= --min-tls-version= --custom-features= --description=",
	"gcloud compute ssl-policies list":                              "--global --regions= --filter= --format=",
	"gcloud compute target-https-proxies update":                    "--global --region= --ssl-certificates= --global-ssl-certificates --ssl-certificates-region= --certificate-map= --clear-certificate-map --ssl-policy= --clear-ssl-policy --url-map= --certificate-manager-certificates=",
	"gcloud compute target-https-proxies describe":                  "--global --region= --format=",
	"gcloud compute target-ssl-proxies update":                      "--ssl-certificates= --certificate-map= --clear-certificate-map --ssl-policy= --clear-ssl-policy",
	"gcloud compute security-policies create":                       "--global --region= --description= --type= --file-name=",
	"gcloud compute security-policies describe":                     "--global --region= --format=",
	"gcloud compute security-policies list":                         "--global --regions= --filter= --format=",
	"gcloud compute security-policies rules update":                 "--security-policy= --region= --action= --src-ip-ranges= --expression= --description= --preview --no-preview",
	"gcloud compute security-policies rules create":                 "--security-policy= --region= --action= --src-ip-ranges= --expression= --description= --preview",
	"gcloud compute security-policies rules describe":               "--security-policy= --region= --format=",
	"gcloud compute url-maps describe":                              "--global --region= --format=",
	"gcloud compute url-maps delete":                                "--global --region= --quiet",
	"gcloud compute project-info describe":                          "--format= --flatten= --filter=",
	"gcloud compute regions describe":                               "--format= --flatten=",
	"gcloud compute instance-groups set-named-ports":                "--named-ports= --zone= --region=",
	"gcloud compute instance-groups describe":                       "--zone= --region= --format=",
	"gcloud compute instances describe":                             "--zone= --format=",
	"gcloud certificate-manager certificates describe":              "--location= --format=",
	"gcloud certificate-manager certificates create":                "--location= --domains= --dns-authorizations= --certificate-file= --private-key-file= --scope= --description=",
	"gcloud certificate-manager maps entries create":                "--map= --certificates= --hostname= --set-primary --location=",
	"gcloud certificate-manager maps entries list":                  "--map= --location= --format=",
	"gcloud projects add-iam-policy-binding":                        "--member= --role= --condition=",
	"gcloud projects get-iam-policy":                                "--flatten= --filter= --format=",
	"gcloud services enable":                                        "--async",
	"gcloud services list":                                          "--enabled --available --filter= --format=",
	"gcloud org-policies describe":                                  "--project= --folder= --organization= --effective --format=",
	"gcloud resource-manager org-policies describe":                 "--project= --folder= --organization= --effective --format=",
	"gcloud logging read":                                           "--freshness= --limit= --format= --order=",
	"gcloud beta quotas info list":                                  "--service= --project= --filter= --format=",
	"gcloud iap web get-iam-policy":                                 "--resource-type= --service=",
	"gcloud iap web add-iam-policy-binding":                         "--resource-type= --service= --member= --role=",

	"gcloud dns record-sets create": "--type= --zone= --ttl= --rrdatas=",

	"gcloud dns record-sets update": "--type= --zone= --ttl= --rrdatas=",

	"gcloud dns record-sets delete": "--type= --zone=",

	"gcloud compute target-http-proxies delete": "--global --region= --quiet",

	"gcloud compute target-https-proxies delete": "--global --region= --quiet",

	"gcloud compute target-https-proxies list": "--global --regions= --filter= --format=",

	"gcloud compute ssl-certificates delete": "--global --region= --quiet",

	"gcloud certificate-manager dns-authorizations list": "--location= --filter= --format=",

	"gcloud container fleet ingress enable":          "--config-membership=",
	"gcloud certificate-manager certificates update": "--location= --certificate-file= --private-key-file= --description=",

	"kubectl annotate":        "-n= --namespace= --overwrite",
	"kubectl apply":           "-f= -n=",
	"kubectl create secret":   "-n= --cert= --key= --from-literal= --from-file= --dry-run= -o= --from-env-file=",
	"kubectl delete":          "-n=",
	"kubectl describe":        "-n= -l=",
	"kubectl edit":            "-n=",
	"kubectl expose":          "-n= --port= --target-port= --name= --type=",
	"kubectl get":             "-n= -o= -l= -A --field-selector= --show-labels --sort-by=",
	"kubectl label":           "-n= --overwrite",
	"kubectl logs":            "-n= -c= --previous --tail= -l= --since= --all-containers",
	"kubectl patch":           "-n= --type= -p= --patch= --subresource=",
	"kubectl port-forward":    "-n=",
	"kubectl rollout restart": "-n=",
	"kubectl rollout undo":    "-n= --to-revision=",
	"kubectl rollout status":  "-n= --timeout=",
	"kubectl rollout history": "-n= --revision=",
	"kubectl scale":           "-n= --replicas=",
	"kubectl set env":         "-n= -c=",
	"kubectl set image":       "-n=",
	"kubectl exec":            "-n= -c= -it",
	"kubectl drain":           "--ignore-daemonsets --delete-emptydir-data",
}

const (
	healthCheckFlags = "--global --region= --request-path= --port= --use-serving-port --host= --check-interval= --timeout= --healthy-threshold= --unhealthy-threshold= --enable-logging --no-enable-logging --response= --proxy-header="
	policyRuleFlags  = "--action= --description= --direction= --disabled --no-disabled --layer4-configs= --new-priority= --src-ip-ranges= --dest-ip-ranges= --target-resources= --target-service-accounts= --target-secure-tags= --enable-logging --no-enable-logging"
)

// acceptedFlags are the flags of the longest known command that words begin with: name
// to whether it takes a value. words is how many of them name the command; 0 where none
// is known.
func acceptedFlags(words []string) (flags map[string]bool, named int) {
	for n := len(words); n > 0; n-- {
		list, known := reference[strings.Join(words[:n], " ")]
		if !known {
			continue
		}
		flags = map[string]bool{}
		if words[0] == "gcloud" {
			flags["--project"] = true
		}
		for f := range strings.FieldsSeq(list) {
			name, value := strings.CutSuffix(f, "=")
			flags[name] = value
		}
		return flags, n
	}
	return nil, 0
}
