// Package session owns browser sessions: who is signed in, until when, why it
// ended, and the Pro Santé Connect tokens that go with it.
//
// A cookie holds id.secret and nothing else; the database holds SHA-256 of the
// secret, the person and the tokens sealed. Three clocks: the provider's refresh
// token (moved by user acts only) ends access to mail; two hours idle and four
// hours in all end the session. Every ending has a reason a person can read, kept
// for a day. It gives mail servers fresh tokens (Credentials) and tells app when
// a session ends (OnEnd), so that connections and caches go too.
//
// It must not know mail, pages, or who is an account. Threats: fixation (new id
// and secret at sign-in), theft of the database, timing, two tabs refreshing at
// once (rotation kills the session on reuse), a crash mid-refresh, open redirects.
package session
