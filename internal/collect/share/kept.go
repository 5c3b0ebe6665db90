package share

import "time"

// kept are the answers that may serve once more, by project.
type kept struct {
	config   Config
	projects map[string]map[Key]answer
}

// An answer is a facts.Value[T], and when its read began.
type answer struct {
	began time.Time
	value any
}

func newKept(c Config) *kept {
	return &kept{config: c, projects: map[string]map[Key]answer{}}
}

// get returns nil when there is no answer that began after notBefore and is new
// enough.
func (m *kept) get(k Key, notBefore time.Time) any {
	a, ok := m.projects[k.Project][k]
	if !ok || m.old(a) || !a.began.After(notBefore) {
		return nil
	}
	return a.value
}

func (m *kept) old(a answer) bool { return m.config.Now().Sub(a.began) >= m.config.TTL }

func (m *kept) drop(k Key) {
	delete(m.projects[k.Project], k)
	if len(m.projects[k.Project]) == 0 {
		delete(m.projects, k.Project)
	}
}

// put keeps an answer. What is too old goes; then, where there is too much, the oldest
// answer of the project, and all of the project whose newest answer is the oldest.
func (m *kept) put(k Key, began time.Time, value any) {
	a := answer{began, value}
	if m.old(a) {
		return
	}
	m.expire()
	if m.projects[k.Project] == nil {
		m.projects[k.Project] = map[Key]answer{}
	}
	answers := m.projects[k.Project]
	answers[k] = a
	if len(answers) > m.config.PerProject {
		delete(answers, oldest(answers, func(a answer) time.Time { return a.began }))
	}
	if len(m.projects) > m.config.Projects {
		delete(m.projects, oldest(m.projects, newest))
	}
}

func (m *kept) expire() {
	for project, answers := range m.projects {
		for k, a := range answers {
			if m.old(a) {
				delete(answers, k)
			}
		}
		if len(answers) == 0 {
			delete(m.projects, project)
		}
	}
}

// newest is when the last read began whose answer is kept.
func newest(answers map[Key]answer) time.Time {
	var last time.Time
	for _, a := range answers {
		if a.began.After(last) {
			last = a.began
		}
	}
	return last
}

// oldest is the key of what is oldest.
func oldest[K comparable, V any](of map[K]V, at func(V) time.Time) K {
	var key K
	var first time.Time
	found := false
	for k, v := range of {
		if t := at(v); !found || t.Before(first) {
			key, first, found = k, t, true
		}
	}
	return key
}
