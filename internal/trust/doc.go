// Package trust owns the MSSanté white list: the domains that make up the trusted
// space, and the one question asked of it, Allows.
//
// The list is fetched, its signature verified against the configured authority,
// the last good copy kept in the database and verified again when loaded: neither
// a forged server nor a changed database gives trust. A domain belongs when it
// stands in the list exactly, without case; never by suffix ("mssante.fr" itself
// does not belong, "mssante.apicrypt.org" does). What is refused leaves the last
// good list in force, and State says why.
//
// Without any list the answer is Unknown: sending treats that as a stop, with a
// sentence, unless the operator configured otherwise; reading shows no mark.
// It must not know letters, people or sessions.
package trust
