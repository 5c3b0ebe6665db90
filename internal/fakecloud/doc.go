// Package fakecloud serves a scenario's World over the wire, so that the vendors'
// real clients run in every test, in replay and in the demo: the GKE, Compute and
// Certificate Manager REST APIs, Cloud Logging's gRPC and DNS on loopback ports, and
// the control plane of every cluster behind DialContext, with TLS as GKE has it. It
// stands at the far end of the flow: scenario → fakecloud ← collect and probe.
//
// A client in another process needs only the URL of the REST APIs: Fetch reads the
// Address of the rest there, and control planes are behind a proxy at the same place.
//
// A fake that is kinder than the real service is a defect: what isn't served is
// refused aloud (an unknown path, a Compute filter, a logging query that doesn't
// parse), answers come in pages, health states only when they are asked for, and
// every request needs its IAM permission (permission.go).
package fakecloud
