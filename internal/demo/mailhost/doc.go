// Package mailhost is the operator of the demo world: an IMAP and a submission
// server that speak the real protocols over pipes in the process (or loopback
// TCP), with STARTTLS, XOAUTH2 and PLAIN with an authorization identity. Letters
// really travel: what is submitted lands in the recipients' mailboxes, and
// scripted patients answer while their exchange is open.
//
// It keeps its own store instead of imapmemserver: that one holds a mailbox
// locked while a slow reader drains a literal, loses special-use flags, lower
// cases keywords, announces a MOVE twice, answers "* 0 FETCH" for a letter not yet
// announced and panics on a multipart without parts.
//
// It must not know Pli: only addresses, tokens and bytes. No persistence.
package mailhost
