// Package idp is the demo's stand-in for Pro Santé Connect: an OpenID provider in
// Keycloak's wire format, where one picks a fictional person and a CPS card or an
// e-CPS instead of owning them.
//
// What it keeps of the real one: discovery on the wallet path only, authorize on
// another base than the issuer, iss in the callback (RFC 9207), PKCE S256, JWT
// access tokens of two minutes, rotating refresh tokens of thirty (an old one
// used again kills the session), session_state and not-before-policy, userinfo
// with SubjectRefPro, introspection with SubjectNameID, a single sign-on cookie
// and end_session. State is in memory: restarting forgets everybody.
//
// It must never serve anything but the demo: whoever reaches it can be anybody.
package idp
