// Package mailserver is the line to the operator's servers (référentiel socle
// MSSanté #2, ECO.1.*): dial, TLS, SASL, deadlines. For IMAP a pool per session and
// mailbox and the few commands Pli needs (the only user of go-imap's client); for
// submission one letter at a time, told per recipient and per stage what is known.
//
// It must not know who may read what: the mailbox room checks first. Hosts come
// from Options, never from a user.
//
// Threats: bytes injected before TLS, a server that hangs, floods or lies, a
// crafted letter whose structure kills the parser, CR LF in what a user typed,
// one person's connection or cache reaching another. So: TLS ≥ 1.2 with the
// name checked, every command under a timer that closes the connection, a byte
// budget per command, pools and caches keyed by session, person and mailbox,
// and structures fetched so that one bad letter costs its own row only.
package mailserver
