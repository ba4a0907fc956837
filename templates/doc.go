// Package templates owns what a browser is shown: one file per page, with the
// structs a page is made from in views.go. A component draws its view and
// nothing else: it never calls back, never fetches, never decides who may see
// what. Words are French and stand where they are shown.
//
// Every string of a view is hostile: templ escapes it, and nothing here writes
// raw HTML but BodyDocument, whose HTML has been through the sanitiser. Every
// act is a form that works without a script; hx-* only makes it quicker, and
// every element with hx-get carries the nonce without which it is inert.
package templates

//go:generate go tool templ generate -path ..
