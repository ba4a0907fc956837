// Package web is HTTP in and out: the site map (routes.go), the order every
// request goes through (middleware.go), the closed list of header sets
// (headers.go), the one place where a failure becomes a page (errors.go) and
// one file per page.
//
// It maps what the rooms answer to the view structs of templates and nothing
// more: no rule about who may read what lives here (mailbox.Open decides), no
// wire (mailserver), no SQL (store), no configuration.
//
// Threats: everything in a letter, in a query and in a header is hostile; a
// link from elsewhere must change nothing; what a page says must not leak into
// URLs, titles or logs.
package web
