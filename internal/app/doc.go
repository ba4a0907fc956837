// Package app puts the house together: it opens the database, makes the rooms in
// order, wires credentials from sessions to the mail servers and the end of a
// session to everything that must forget it, then serves and stops in order.
//
// The demo and production pass the same way: only outside.Lines differ. It holds
// no rule and no page, and reads neither flags nor the environment.
//
// Stop order: no new requests, drain, stop loops, LOGOUT, flush the trail, close
// the database. What is still open after its delay is cut: a slow reader must not
// keep a closing node alive.
package app
