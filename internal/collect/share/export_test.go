package share

import "slices"

// Waiting is how many wait for the read of a key that is under way.
func (c *Cache) Waiting(k Key) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[k]; f != nil {
		return f.waiting
	}
	return 0
}

// Kept are the answers, as "project of", sorted.
func (c *Cache) Kept() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, answers := range c.kept.projects {
		for k := range answers {
			out = append(out, k.Project+" "+k.Of)
		}
	}
	slices.Sort(out)
	return out
}
