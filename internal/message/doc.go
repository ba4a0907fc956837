// Package message owns what one letter is: its header, its senders, its tree of
// parts, the files it carries, the notices servers send about it; and how one is
// composed, its bytes streamed and their number known before. Values only: it
// knows no server, no disk, no page.
//
// Every byte is hostile. The parser is our own because the strict ones lose
// letters (one bad header line, one missing boundary): it never panics, never
// refuses a letter for its form, always shows something, names what was odd in
// Letter.Defects, and reads each line once, so that ten megabytes of traps cost
// what ten megabytes of text cost. Depth, parts, headers and shown text are
// capped. Part numbers are those of an IMAP server (RFC 9051 §6.4.5).
//
// What comes out of DecodeHeaderText, Mailbox and Part.FileName is safe to show
// as text (no control, no bidi override); it is still text, never markup.
package message
