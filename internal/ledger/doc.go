// Package ledger owns the deliveries: for each letter and each recipient, what
// happened, from our queue to a read receipt (ECO.2.3.1, ECO.3.1.6).
//
// Every event is kept; the state of a recipient is a function of the set of its
// events, never of the order they came in: a late "delayed" does not hide a
// bounce, a receipt settles an "unknown". Noting the same event twice is noting
// it once.
//
// It must not know mail: no subject, no body. Recipients may be patients, whose
// address is an INS: stored sealed, found by an opaque key; so are Message-IDs,
// by mailbox, so that a report in one mailbox cannot touch another's letters.
// Threats: a copied database, a row pasted into another, floods of forged reports.
package ledger
