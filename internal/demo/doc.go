// Package demo is a whole fictional world in one process: a Pro Santé Connect
// stand-in (idp), an operator's mail servers (mailhost), a national directory and
// white list (annuaire), and the people who live in it (people).
//
// It hands the house lines out that lead here and nowhere else: production code
// runs unchanged on sockets that were swapped. Each stand-in can be stopped, and
// then fails as a dead server fails. It must not know the house: config and
// outside apart, it imports no room with a rule in it. It signs anybody in: it is
// for a loopback address.
package demo
