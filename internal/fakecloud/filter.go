package fakecloud

import (
	"fmt"
	"strings"
)

// A filterError says where a filter can't be understood; the position counts
// characters from 1.
type filterError struct {
	position int
	problem  string
}

func (e *filterError) Error() string {
	return fmt.Sprintf("%s at position %d", e.problem, e.position)
}

// A predicate decides on one entry, given as proto JSON.
type predicate func(fields map[string]any) bool

// compileFilter parses the Logging query language: comparisons on fields, joined
// by AND, OR and NOT, with OR binding tighter than AND as the language has it.
// Full-text terms and functions other than log_id are errors, never ignored.
func compileFilter(text string) (func(map[string]any) bool, error) {
	p := &filterParser{text: text}
	p.space()
	if p.done() {
		return func(map[string]any) bool { return true }, nil
	}
	all, err := p.conjunction(p.unary)
	if err != nil {
		return nil, err
	}
	if !p.done() {
		return nil, p.fail("unexpected %q", p.rest(1))
	}
	return all, nil
}

type filterParser struct {
	text string
	pos  int
}

// conjunction is disjunctions joined by AND, or by nothing.
func (p *filterParser) conjunction(term func() (predicate, error)) (predicate, error) {
	all, err := p.disjunction(term)
	if err != nil {
		return nil, err
	}
	for !p.done() && !strings.HasPrefix(p.text[p.pos:], ")") {
		p.keyword("AND")
		next, err := p.disjunction(term)
		if err != nil {
			return nil, err
		}
		before := all
		all = func(fields map[string]any) bool { return before(fields) && next(fields) }
	}
	return all, nil
}

// disjunction is terms joined by OR.
func (p *filterParser) disjunction(term func() (predicate, error)) (predicate, error) {
	either, err := term()
	if err != nil {
		return nil, err
	}
	for p.keyword("OR") {
		next, err := term()
		if err != nil {
			return nil, err
		}
		before := either
		either = func(fields map[string]any) bool { return before(fields) || next(fields) }
	}
	return either, nil
}

// unary is a comparison, a function or an expression in parentheses, perhaps
// negated.
func (p *filterParser) unary() (predicate, error) {
	if p.keyword("NOT") || p.minus() {
		positive, err := p.unary()
		if err != nil {
			return nil, err
		}
		return func(fields map[string]any) bool { return !positive(fields) }, nil
	}
	if p.take("(") {
		return p.parenthesised(p.unary)
	}
	return p.comparison()
}

func (p *filterParser) parenthesised(term func() (predicate, error)) (predicate, error) {
	inner, err := p.conjunction(term)
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		return nil, p.fail("a closing parenthesis is missing")
	}
	return inner, nil
}

// comparison is FIELD OP VALUE, where VALUE may be several in parentheses, or
// log_id("…").
func (p *filterParser) comparison() (predicate, error) {
	start := p.pos
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	if p.take("(") {
		if len(path) != 1 || path[0] != "log_id" {
			return nil, &filterError{p.character(start), fmt.Sprintf("function %s is not served", strings.Join(path, "."))}
		}
		return p.logID()
	}
	field, problem := resolveField(path)
	if problem != "" {
		return nil, &filterError{p.character(start), problem}
	}
	op := p.operator()
	if op == "" {
		return nil, &filterError{p.character(start), fmt.Sprintf("%q is no comparison: an operator is missing, and full-text search is not served", strings.Join(path, "."))}
	}
	value := func() (predicate, error) { return p.value(field, op) }
	if p.take("(") {
		return p.parenthesised(p.valueTerm(value))
	}
	return value()
}

// valueTerm lets NOT and parentheses stand before the values of one comparison.
func (p *filterParser) valueTerm(value func() (predicate, error)) func() (predicate, error) {
	var term func() (predicate, error)
	term = func() (predicate, error) {
		if p.keyword("NOT") {
			positive, err := term()
			if err != nil {
				return nil, err
			}
			return func(fields map[string]any) bool { return !positive(fields) }, nil
		}
		if p.take("(") {
			return p.parenthesised(term)
		}
		return value()
	}
	return term
}

func (p *filterParser) value(field filterField, op string) (predicate, error) {
	start := p.pos
	text, quoted, err := p.literal(op == "=~" || op == "!~")
	if err != nil {
		return nil, err
	}
	test, problem := compare(field, op, text, quoted)
	if problem != "" {
		return nil, &filterError{p.character(start), problem}
	}
	return test, nil
}

func (p *filterParser) logID() (predicate, error) {
	start := p.pos
	id, quoted, err := p.literal(false)
	if err != nil {
		return nil, err
	}
	if !quoted {
		return nil, &filterError{p.character(start), "log_id needs a quoted log ID"}
	}
	if !p.take(")") {
		return nil, p.fail("a closing parenthesis is missing")
	}
	return func(fields map[string]any) bool { return logIDOf(fields) == id }, nil
}
