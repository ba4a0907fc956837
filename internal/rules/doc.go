// Package rules owns the server-side rules of a mailbox: a Set of rules that sort
// what arrives, and an absence reply, written as one Sieve script (RFC 5228) of our
// own on the operator's server. The server is the truth: the Set is read back from
// the script, and is believed only when it gives that very script again.
//
// Nothing here forwards: there is no redirect, so no letter leaves the trusted
// space by a rule. Other scripts of the mailbox are left alone; one that is active
// stays so until the user says otherwise. Each act checks the right of the Box and is
// in the trail before it is done.
//
// It must not know pages. Threats: Sieve injected by a name, a subject or a folder
// (every string passes writer.str), a script altered elsewhere shown as harmless
// rules, two people saving at once, an absence reply to a patient (never: see
// absence.go).
package rules
