// Package e2e tries the built program from outside: a real browser, a real
// Dovecot, an OpenID provider written by others. Everything here but this comment
// is behind the build tag "e2e", so that `go test ./...` needs nothing installed;
// `e2e/test` installs what is missing and runs all of it. README.md says what
// each level is and how to run one journey by name.
package e2e
