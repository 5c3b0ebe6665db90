package bigworld

import "encoding/json"

// mergeKeys tell the elements of a list apart, where the API server merges them.
var mergeKeys = map[string][]string{
	"containers": {"name"}, "env": {"name"}, "volumes": {"name"}, "volumeMounts": {"mountPath"}, "conditions": {"type"}, "podIPs": {"ip"},
	"topologySpreadConstraints": {"topologyKey", "whenUnsatisfiable"},
}

// portKeys are those of the field ports, which differ between Pods and Services.
var portKeys = [][]string{{"containerPort", "protocol"}, {"port", "protocol"}}

// managed is an entry of managedFields: a manager that set all of what is in o.
func managed(manager, subresource, time string, o object) object {
	entry := object{"manager": manager, "operation": "Update", "apiVersion": "v1", "time": time, "fieldsType": "FieldsV1", "fieldsV1": owned(o)}
	if subresource != "" {
		entry["subresource"] = subresource
	}
	return entry
}

// owned is the set of fields of an object in the encoding FieldsV1.
func owned(o object) object {
	out := object{}
	for key, value := range o {
		out["f:"+key] = ownedValue(key, value)
	}
	return out
}

func ownedValue(field string, value any) object {
	switch v := value.(type) {
	case object:
		if len(v) > 0 {
			out := owned(v)
			out["."] = object{}
			return out
		}
	case list:
		out := object{".": object{}}
		for _, element := range v {
			o, _ := element.(object)
			keys := keysOf(field, o)
			if keys == nil {
				return object{} // the list is set as a whole
			}
			id := object{}
			for _, k := range keys {
				id[k] = o[k]
			}
			text, _ := json.Marshal(id)
			out["k:"+string(text)] = ownedValue("", o)
		}
		return out
	}
	return object{}
}

func keysOf(field string, o object) []string {
	if field == "ports" {
		for _, keys := range portKeys {
			if _, ok := o[keys[0]]; ok {
				return keys
			}
		}
	}
	return mergeKeys[field]
}
