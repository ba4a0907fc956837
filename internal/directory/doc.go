// Package directory owns the national directory of MSSanté mailboxes: import of
// the open extraction (31 columns) and of single FHIR records, search, cards,
// person and structure pages; and, per account, whom it has written to.
//
// The directory is public data in a SQLite file of its own, made anew by each
// import in another file and swapped at once: a search sees the old one whole or
// the new one whole. Past correspondents are private: main database, sealed.
//
// It must not know mail, sessions or who may write to whom. Threats: a file that
// shrank, was cut or is none; hostile lines, zips, FHIR records and queries; a
// patient's or red-listed mailbox in what is published; an import that slows the
// pages; harvesting (limited per account, every search in the trail).
package directory
