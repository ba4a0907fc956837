// Package outgoing owns letters on their way out: drafts, their files, what is
// checked before they leave, the sending itself and what follows it.
//
// A draft belongs to a mailbox: whoever holds Write there sees it and may go on
// with it (a secretary prepares, the doctor reads and sends), as everybody who
// opens the mailbox sees its Drafts folder anyway. Text and files rest sealed in
// the database, durable when a call returns; the folder's copy follows on a pause.
//
// Threats: a text lost (crash, two windows, full disk), a letter sent twice or to
// somebody outside the trusted space, other octets than those the person
// authorised, a file or header that injects. So: a letter is durable as
// 'submitting' before an octet leaves, its hash is in the trail, nothing but a
// person submits it again, and files never rest unsealed nor stand in memory whole.
package outgoing
