package scenario

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"cloud.google.com/go/compute/apiv1/computepb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"plumbline/internal/facts"
)

const computeURL = "https://www.googleapis.com/compute/v1/"

// A collection is one kind of Compute resource.
type collection struct {
	// scopes are the first letters of those it exists in: global, regions, zones;
	// empty for what is a scope itself and has a file name of its own.
	scopes string
	// message is nil for what the Compute client has no message for: kept unread.
	message proto.Message
	// kind is needed where there is no message to take it from.
	kind string
}

// collections are those that a scenario may hold, by their name in REST paths.
var collections = map[string]collection{
	"addresses":             {scopes: "gr", message: (*computepb.Address)(nil)},
	"autoscalers":           {scopes: "rz", message: (*computepb.Autoscaler)(nil)},
	"backendBuckets":        {scopes: "gr", message: (*computepb.BackendBucket)(nil)},
	"backendServices":       {scopes: "gr", message: (*computepb.BackendService)(nil)},
	"disks":                 {scopes: "rz", message: (*computepb.Disk)(nil)},
	"externalVpnGateways":   {scopes: "g", message: (*computepb.ExternalVpnGateway)(nil)},
	"firewallPolicies":      {scopes: "gr", message: (*computepb.FirewallPolicy)(nil)},
	"firewalls":             {scopes: "g", message: (*computepb.Firewall)(nil)},
	"forwardingRules":       {scopes: "gr", message: (*computepb.ForwardingRule)(nil)},
	"healthChecks":          {scopes: "gr", message: (*computepb.HealthCheck)(nil)},
	"httpHealthChecks":      {scopes: "g", kind: "compute#httpHealthCheck"},
	"httpsHealthChecks":     {scopes: "g", kind: "compute#httpsHealthCheck"},
	"instanceGroupManagers": {scopes: "rz", message: (*computepb.InstanceGroupManager)(nil)},
	"instanceGroups":        {scopes: "rz", message: (*computepb.InstanceGroup)(nil)},
	"instanceTemplates":     {scopes: "gr", message: (*computepb.InstanceTemplate)(nil)},
	"instances":             {scopes: "z", message: (*computepb.Instance)(nil)},
	"networkAttachments":    {scopes: "r", message: (*computepb.NetworkAttachment)(nil)},
	"networkEndpointGroups": {scopes: "grz", message: (*computepb.NetworkEndpointGroup)(nil)},
	"networks":              {scopes: "g", message: (*computepb.Network)(nil)},
	"operations":            {scopes: "grz", message: (*computepb.Operation)(nil)},
	"projects":              {message: (*computepb.Project)(nil)},
	"regions":               {message: (*computepb.Region)(nil)},
	"packetMirrorings":      {scopes: "r", message: (*computepb.PacketMirroring)(nil)},
	"routers":               {scopes: "r", message: (*computepb.Router)(nil)},
	"routes":                {scopes: "g", message: (*computepb.Route)(nil)},
	"securityPolicies":      {scopes: "gr", message: (*computepb.SecurityPolicy)(nil)},
	"serviceAttachments":    {scopes: "r", message: (*computepb.ServiceAttachment)(nil)},
	"sslCertificates":       {scopes: "gr", message: (*computepb.SslCertificate)(nil)},
	"sslPolicies":           {scopes: "gr", message: (*computepb.SslPolicy)(nil)},
	"subnetworks":           {scopes: "r", message: (*computepb.Subnetwork)(nil)},
	"targetGrpcProxies":     {scopes: "g", message: (*computepb.TargetGrpcProxy)(nil)},
	"targetHttpProxies":     {scopes: "gr", message: (*computepb.TargetHttpProxy)(nil)},
	"targetHttpsProxies":    {scopes: "gr", message: (*computepb.TargetHttpsProxy)(nil)},
	"targetInstances":       {scopes: "z", message: (*computepb.TargetInstance)(nil)},
	"targetPools":           {scopes: "r", message: (*computepb.TargetPool)(nil)},
	"targetSslProxies":      {scopes: "g", message: (*computepb.TargetSslProxy)(nil)},
	"targetTcpProxies":      {scopes: "gr", message: (*computepb.TargetTcpProxy)(nil)},
	"urlMaps":               {scopes: "gr", message: (*computepb.UrlMap)(nil)},
	"vpnGateways":           {scopes: "r", message: (*computepb.VpnGateway)(nil)},
	"vpnTunnels":            {scopes: "r", message: (*computepb.VpnTunnel)(nil)},
}

func knownCollection(name, scope string) error {
	c, ok := collections[name]
	if !ok || c.scopes == "" {
		return fmt.Errorf("unknown file: Compute has no collection %q, or this format doesn't know it", name)
	}
	if !strings.ContainsRune(c.scopes, rune(scope[0])) {
		return fmt.Errorf("unknown file: %s don't exist in %s", name, scope)
	}
	return nil
}

// resource checks a Compute resource and fills in what its path says.
func (l *loader) resource(d *document) (json.RawMessage, bool) {
	if !isObject(d.body) {
		l.errorf(d.place(""), "", "not a JSON object")
		return nil, false
	}
	body := d.body
	c := collections[d.slot.collection]
	if c.message != nil {
		into := c.message.ProtoReflect().New().Interface()
		var ok bool
		if body, ok = l.strict(d, "compute "+string(into.ProtoReflect().Descriptor().Name()), l.options.Lenient, intoMessage(into)); !ok {
			return nil, false
		}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		l.errorf(d.place(""), "", "not a JSON object: %v", err)
		return nil, false
	}
	if !l.agrees(d, fields, "name", d.slot.name) {
		return nil, false
	}
	for key, value := range c.fromPath(d.slot) {
		if _, ok := fields[key]; !ok {
			fields[key], _ = json.Marshal(value)
		} else if key == "selfLink" || key == "region" || key == "zone" {
			l.contradicts(d, fields, key, value)
		}
	}
	filled, err := json.Marshal(fields)
	if err != nil {
		l.errorf(d.place(""), "", "writing JSON: %v", err)
		return nil, false
	}
	return filled, true
}

// fromPath is what the path of a resource tells, as far as its type has the fields.
func (c collection) fromPath(s slot) map[string]string {
	out := map[string]string{
		"name":     s.name,
		"selfLink": computeURL + s.path,
		"id":       idOf(s.path),
		"kind":     c.kind,
	}
	if scope, _, ok := strings.Cut(s.scope, "/"); ok {
		project := s.path[:strings.Index(s.path, "/"+s.scope+"/")]
		out[strings.TrimSuffix(scope, "s")] = computeURL + project + "/" + s.scope
	}
	if c.message == nil {
		return out
	}
	descriptor := c.message.ProtoReflect().Descriptor()
	out["kind"] = "compute#" + lowerFirst(string(descriptor.Name()))
	for key := range out {
		if !hasField(descriptor, key) {
			delete(out, key)
		}
	}
	return out
}

// idOf is a number that is the same in every run, positive and within 63 bits.
func idOf(path string) string {
	h := sha256.Sum256([]byte(path))
	return strconv.FormatUint(binary.BigEndian.Uint64(h[:8])>>1|1, 10)
}

func hasField(d protoreflect.MessageDescriptor, jsonName string) bool {
	return d.Fields().ByJSONName(jsonName) != nil
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// agrees complains when a field is there and says other than the path.
func (l *ledger) agrees(d *document, fields map[string]json.RawMessage, key, path string) bool {
	var has string
	if raw, ok := fields[key]; !ok || json.Unmarshal(raw, &has) != nil || has == path {
		return true
	}
	l.errorf(d.place(key), key, "%s is %q, but the path of the file says %q", key, has, path)
	return false
}

// contradicts warns of a URL that names another object than the path does.
func (l *ledger) contradicts(d *document, fields map[string]json.RawMessage, key, path string) {
	var has string
	if json.Unmarshal(fields[key], &has) != nil || has == "" {
		return
	}
	if facts.RelativePath(has) != facts.RelativePath(path) && has != facts.LastSegment(path) {
		l.warnf(d.place(key), key, "%s is %q, but the path of the file says %q", key, has, path)
	}
}
