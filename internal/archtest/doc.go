// Package archtest holds the project's structural rules as tests: who may import
// whom, what a pure package may reach, what packages are called, what lies at the
// top level, what no file may contain, and that the build files call the gate.
// The rules come from design/architecture.md, sections 2 and 4. Nothing imports
// this package; every rule is also tried on a small tree that breaks it.
package archtest
