// Package glbc is a pure model of what GKE's Ingress and NEG controllers do with
// Kubernetes objects: which Ingresses they serve, what they refuse and at which
// stage, which backend service stands for which Service port, what their health
// check asks, how they route, and how they call what they make. It stands between facts
// and the causes: comparing what the controllers would build with what exists is
// how silent faults are found. The rules cite the sections of the controllers'
// diagnostic reference (ingress-controller.md), which cites their source.
package glbc
