package knownapp

import "encoding/json"

// dataKeys counts the keys of a ConfigMap's data that a managedFields entry owns.
func dataKeys(raw []byte) int {
	var fields struct {
		Data map[string]json.RawMessage `json:"f:data"`
	}
	if json.Unmarshal(raw, &fields) != nil {
		return 0
	}
	n := 0
	for k := range fields.Data {
		if k != "." {
			n++
		}
	}
	return n
}
