package signal

import "encoding/json"

// insertIDOf looks for the insertId at the top level of an entry that may be
// broken or cut off; an insertId inside of a payload is somebody else's. Empty
// when there is none to be found.
func insertIDOf(raw []byte) string {
	i := skipSpace(raw, 0)
	if i == len(raw) || raw[i] != '{' {
		return ""
	}
	for i = skipSpace(raw, i+1); i < len(raw) && raw[i] == '"'; {
		end := skipString(raw, i)
		key := raw[i:end]
		if i = skipSpace(raw, end); i == len(raw) || raw[i] != ':' {
			return ""
		}
		i = skipSpace(raw, i+1)
		end = skipValue(raw, i)
		if isKey(key, "insertId") {
			var id string
			if json.Unmarshal(raw[i:end], &id) != nil {
				return ""
			}
			return id
		}
		if i = skipSpace(raw, end); i == len(raw) || raw[i] != ',' {
			return ""
		}
		i = skipSpace(raw, i+1)
	}
	return ""
}
