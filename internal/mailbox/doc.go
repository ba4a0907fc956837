// Package mailbox is the only door to mail: House.Open checks the person's grant
// and gives the Box through which letters are listed, read, moved, marked and
// searched. Every act is written to the trail with the real person, failures
// included, before its result is shown.
//
// It knows rights, folders in French, opaque ids, undo, acts on thousands of letters
// (in memory, one a mailbox) and the dates of letters put aside (sealed in the store);
// the wire is mailserver's, the look is web's. Nothing of a letter is kept here.
//
// Threats: a person reaching another's mailbox or another's folder by guessing an
// id, an old address opening another letter (UIDVALIDITY is checked each time),
// an undo replayed by somebody else (sealed, bound to person and mailbox, ten
// minutes), an act that leaves no trace.
package mailbox
