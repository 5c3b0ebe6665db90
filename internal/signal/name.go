package signal

// areNames reports that each text can be the name of an object: a letter or digit
// and then letters, digits, '-', '.', '_' and ':' (project IDs of a domain). What
// passes is safe to put into a URL or a query.
func areNames(texts ...string) bool {
	for _, t := range texts {
		if t == "" || len(t) > 253 || !isAlphanumeric(t[0]) {
			return false
		}
		for i := range len(t) {
			if c := t[i]; !isAlphanumeric(c) && c != '-' && c != '.' && c != '_' && c != ':' {
				return false
			}
		}
	}
	return true
}

// isNumber reports that text is a number as Compute gives them to objects.
func isNumber(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != "" && len(text) <= 20
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// scopeOf is the scope of a location: a zone is a region with a letter, as in
// us-east1-b.
func scopeOf(location string) string {
	n := len(location)
	if location == "global" {
		return location
	}
	if n > 2 && location[n-2] == '-' && location[n-1] >= 'a' && location[n-1] <= 'z' {
		return "zones/" + location
	}
	return "regions/" + location
}
