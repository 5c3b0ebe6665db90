// Package facts holds what is true of the cloud at one moment: the Snapshot that
// a diagnosis is made from. It stands between the collector, which fills it, and
// the causes, which only read it. Everything in it is three-valued (Value), in
// the vendors' own types, and computed without context, client or clock.
package facts
