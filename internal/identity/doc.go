// Package identity signs a person in through Pro Santé Connect (OpenID Connect,
// authorization code + PKCE) and turns its claims into a mssante.Practitioner; and
// support staff through a provider of the operator's own, by a role (FinishStaff).
//
// It owns go-oidc and oauth2. It keeps no state but a cached discovery document:
// what must survive between two requests is handed to the caller (Pending,
// Tokens), who keeps it server side. It must not know cookies, pages, accounts.
//
// Threats: forged or replayed callbacks (state, nonce, PKCE, RFC 9207 iss),
// tokens made for somebody else (aud, azp, at_hash), unsigned or HMAC-signed
// tokens (closed list of algorithms), userinfo of another person (sub), a
// provider that is slow, down, or sends megabytes (deadlines, caps, no
// redirects). Tokens never appear in an error or a log.
//
// Sources: OpenID Connect Core 1.0 and Discovery, RFC 6749, 7636, 7662, 8705,
// 9207; the published integrations of Pro Santé Connect.
package identity
