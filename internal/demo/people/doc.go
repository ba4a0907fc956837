// Package people is the cast of the demo world and the letters they wrote one
// another: who signs in, which mailboxes they hold, what lies in them.
//
// Everybody and everything here is invented. National ids lie in the test range
// (8997…), INS numbers use a commune that does not exist (37 990) so that no
// living person can own one; check keys are right unless a letter says otherwise.
// cast.go is the file to read first; letters_*.go hold one theme each.
//
// Values only: no I/O, no clock of its own. Letters(now) is deterministic.
package people
