package facts

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Only the fields that are read of GKE's custom resources are declared here; their
// module isn't usable as a library (architecture.md §5).

// A BackendConfig is cloud.google.com/v1 BackendConfig (ingress-controller.md §1.3).
// A nil section is one that the controller leaves alone.
type BackendConfig struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		HealthCheck *BackendConfigCheck `json:"healthCheck,omitempty"`
		IAP         *struct {
			Enabled                bool `json:"enabled,omitempty"`
			OAuthClientCredentials *struct {
				SecretName string `json:"secretName,omitempty"`
			} `json:"oauthclientCredentials,omitempty"`
		} `json:"iap,omitempty"`
		CDN *struct {
			Enabled bool `json:"enabled,omitempty"`
		} `json:"cdn,omitempty"`
		SecurityPolicy *struct {
			Name string `json:"name"`
		} `json:"securityPolicy,omitempty"`
		TimeoutSec         *int64 `json:"timeoutSec,omitempty"`
		ConnectionDraining *struct {
			DrainingTimeoutSec int64 `json:"drainingTimeoutSec"`
		} `json:"connectionDraining,omitempty"`
		SessionAffinity *struct {
			AffinityType         string `json:"affinityType,omitempty"`
			AffinityCookieTTLSec *int64 `json:"affinityCookieTtlSec,omitempty"`
		} `json:"sessionAffinity,omitempty"`
		Logging *struct {
			Enable     bool     `json:"enable,omitempty"`
			SampleRate *float64 `json:"sampleRate,omitempty"`
		} `json:"logging,omitempty"`
	} `json:"spec"`
}

// A BackendConfigCheck overrides fields of a health check; nil leaves one alone
// (ingress-controller.md §2).
type BackendConfigCheck struct {
	CheckIntervalSec   *int64  `json:"checkIntervalSec,omitempty"`
	TimeoutSec         *int64  `json:"timeoutSec,omitempty"`
	HealthyThreshold   *int64  `json:"healthyThreshold,omitempty"`
	UnhealthyThreshold *int64  `json:"unhealthyThreshold,omitempty"`
	Type               *string `json:"type,omitempty"`
	RequestPath        *string `json:"requestPath,omitempty"`
	Port               *int64  `json:"port,omitempty"`
}

// A FrontendConfig is networking.gke.io/v1beta1 FrontendConfig
// (ingress-controller.md §1.4, §3).
type FrontendConfig struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		// SSLPolicy: nil is left alone, empty removes it.
		SSLPolicy       *string `json:"sslPolicy,omitempty"`
		RedirectToHTTPS *struct {
			Enabled          bool   `json:"enabled"`
			ResponseCodeName string `json:"responseCodeName,omitempty"`
		} `json:"redirectToHttps,omitempty"`
	} `json:"spec"`
}

// A ManagedCertificate is networking.gke.io/v1 ManagedCertificate (gcp-facts.md §6).
type ManagedCertificate struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Domains []string `json:"domains,omitempty"`
	} `json:"spec"`
	Status struct {
		CertificateName   string `json:"certificateName,omitempty"`
		CertificateStatus string `json:"certificateStatus,omitempty"`
		ExpireTime        string `json:"expireTime,omitempty"`
		DomainStatus      []struct {
			Domain string `json:"domain"`
			Status string `json:"status"`
		} `json:"domainStatus,omitempty"`
	} `json:"status"`
}

// A ServiceNEG is networking.gke.io/v1beta1 ServiceNetworkEndpointGroup: what the
// NEG controller says of one NEG, whose name it bears (ingress-controller.md §4).
type ServiceNEG struct {
	metav1.ObjectMeta `json:"metadata"`
	Status            struct {
		NetworkEndpointGroups []ServiceNEGObject `json:"networkEndpointGroups,omitempty"`
		// Conditions are Initialized and Synced.
		Conditions   []metav1.Condition `json:"conditions,omitempty"`
		LastSyncTime metav1.Time        `json:"lastSyncTime"`
	} `json:"status"`
}

// A ServiceNEGObject is one NEG of a ServiceNEG, in one zone.
type ServiceNEGObject struct {
	ID       string `json:"id,omitempty"`
	SelfLink string `json:"selfLink,omitempty"`
	// SubnetURL is empty where the controller is older than such NEGs.
	SubnetURL string `json:"subnetURL,omitempty"`
	Type      string `json:"networkEndpointType,omitempty"`
	// State is ACTIVE (or empty), INACTIVE or TO_BE_DELETED.
	State string `json:"state,omitempty"`
}

// A PolicyTarget is what a GKE Gateway policy attaches to.
type PolicyTarget struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

// A PolicyStatus is what the Gateway controller says of a policy.
type PolicyStatus struct {
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	Ancestors  []struct {
		Conditions []metav1.Condition `json:"conditions,omitempty"`
	} `json:"ancestors,omitempty"`
}

// A GCPBackendPolicy is networking.gke.io/v1 GCPBackendPolicy.
type GCPBackendPolicy struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		TargetRef PolicyTarget `json:"targetRef"`
		Default   struct {
			TimeoutSec     *int64 `json:"timeoutSec,omitempty"`
			SecurityPolicy string `json:"securityPolicy,omitempty"`
			IAP            *struct {
				Enabled bool `json:"enabled,omitempty"`
			} `json:"iap,omitempty"`
			Logging *struct {
				Enabled    bool   `json:"enabled,omitempty"`
				SampleRate *int64 `json:"sampleRate,omitempty"`
			} `json:"logging,omitempty"`
			ConnectionDraining *struct {
				DrainingTimeoutSec int64 `json:"drainingTimeoutSec,omitempty"`
			} `json:"connectionDraining,omitempty"`
		} `json:"default"`
	} `json:"spec"`
	Status PolicyStatus `json:"status"`
}

// A HealthCheckPolicy is networking.gke.io/v1 HealthCheckPolicy: without one, the
// check of a Gateway's backend is GET / on the serving port.
type HealthCheckPolicy struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		TargetRef PolicyTarget `json:"targetRef"`
		Default   struct {
			CheckIntervalSec   *int64 `json:"checkIntervalSec,omitempty"`
			TimeoutSec         *int64 `json:"timeoutSec,omitempty"`
			HealthyThreshold   *int64 `json:"healthyThreshold,omitempty"`
			UnhealthyThreshold *int64 `json:"unhealthyThreshold,omitempty"`
			LogConfig          *struct {
				Enabled bool `json:"enabled,omitempty"`
			} `json:"logConfig,omitempty"`
			Config *struct {
				// Type is TCP, HTTP, HTTPS, HTTP2 or GRPC; the section of its name holds the rest.
				Type  string            `json:"type,omitempty"`
				HTTP  *HealthCheckProbe `json:"httpHealthCheck,omitempty"`
				HTTPS *HealthCheckProbe `json:"httpsHealthCheck,omitempty"`
				HTTP2 *HealthCheckProbe `json:"http2HealthCheck,omitempty"`
				TCP   *HealthCheckProbe `json:"tcpHealthCheck,omitempty"`
				GRPC  *HealthCheckProbe `json:"grpcHealthCheck,omitempty"`
			} `json:"config,omitempty"`
		} `json:"default"`
	} `json:"spec"`
	Status PolicyStatus `json:"status"`
}

// A HealthCheckProbe is what a HealthCheckPolicy asks.
type HealthCheckProbe struct {
	PortSpecification string `json:"portSpecification,omitempty"`
	Port              *int64 `json:"port,omitempty"`
	RequestPath       string `json:"requestPath,omitempty"`
	Host              string `json:"host,omitempty"`
	Response          string `json:"response,omitempty"`
}

// A GCPGatewayPolicy is networking.gke.io/v1 GCPGatewayPolicy.
type GCPGatewayPolicy struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		TargetRef PolicyTarget `json:"targetRef"`
		Default   struct {
			SSLPolicy         string `json:"sslPolicy,omitempty"`
			AllowGlobalAccess bool   `json:"allowGlobalAccess,omitempty"`
		} `json:"default"`
	} `json:"spec"`
	Status PolicyStatus `json:"status"`
}

// A PeerAuthentication is security.istio.io/v1 PeerAuthentication: whether pods
// with a sidecar take plain text.
type PeerAuthentication struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Selector *struct {
			MatchLabels map[string]string `json:"matchLabels,omitempty"`
		} `json:"selector,omitempty"`
		MTLS          *MutualTLS           `json:"mtls,omitempty"`
		PortLevelMTLS map[string]MutualTLS `json:"portLevelMtls,omitempty"`
	} `json:"spec"`
}

// MutualTLS is UNSET, DISABLE, PERMISSIVE or STRICT.
type MutualTLS struct {
	Mode string `json:"mode,omitempty"`
}
