// An OpenID provider that this project did not write: panva's oidc-provider,
// dressed in Pro Santé Connect's addresses and claims. It proves that sign-in
// works against somebody else's reading of the standards, and it answers the
// token introspection of the test's Dovecot.
//
//   node provider.mjs config.json
//
// config.json: {port, clients: [{id, secret, redirectURIs, postLogoutURIs}],
//   people: [{key, label, about, userinfo}], accessTokenSeconds}
// Prints one line, "READY <issuer>", then serves until it is killed.
//
// What differs from Pro Santé Connect, on purpose or by the library's nature:
// the access token is opaque (theirs is a JWT), the authorize endpoint shares the
// issuer's origin, the logout asks for a confirmation, acr is always eidas1.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import path from 'node:path';

const modules = process.env.PLI_E2E_TOOLS ?? path.join(import.meta.dirname, '..', '.tools');
const require = createRequire(path.join(modules, 'package.json'));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);
const { generateKeyPair, exportJWK } = await import(pathToFileURL(require.resolve('jose')).href);

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const realm = '/auth/realms/esante-wallet';
const oidc = '/protocol/openid-connect';
const issuer = `http://127.0.0.1:${config.port}${realm}`;

const byKey = new Map(config.people.map((p) => [p.key, p]));
const bySub = new Map(config.people.map((p) => [p.userinfo.sub, p]));
const claimNames = [...new Set(config.people.flatMap((p) => Object.keys(p.userinfo)))].filter((n) => n !== 'sub');

const { privateKey } = await generateKeyPair('RS256', { extractable: true });
const key = { ...(await exportJWK(privateKey)), kid: 'e2e-1', use: 'sig', alg: 'RS256' };

const escape = (s) => String(s).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (title, body) => `<!doctype html><html lang="fr"><meta charset="utf-8"><title>${escape(title)}</title>
<style>body{font:16px/1.5 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}button{font:inherit;display:block;margin:.4rem 0;padding:.5rem 1rem}</style>
<h1>${escape(title)}</h1>${body}</html>`;

const provider = new Provider(issuer, {
  clients: config.clients.map((c) => ({
    client_id: c.id,
    client_secret: c.secret,
    redirect_uris: c.redirectURIs ?? [],
    post_logout_redirect_uris: c.postLogoutURIs ?? [],
    grant_types: c.redirectURIs?.length ? ['authorization_code', 'refresh_token'] : [],
    response_types: c.redirectURIs?.length ? ['code'] : [],
    token_endpoint_auth_method: c.authMethod ?? 'client_secret_basic',
  })),
  jwks: { keys: [key] },
  cookies: { keys: [randomBytes(24).toString('hex')] },
  scopes: ['openid', 'scope_all', 'offline_access'],
  claims: { openid: ['sub'], scope_all: claimNames, acr: null, auth_time: null, sid: null, iss: null },
  acrValues: ['eidas1'],
  routes: {
    authorization: `${oidc}/auth`,
    token: `${oidc}/token`,
    userinfo: `${oidc}/userinfo`,
    introspection: `${oidc}/token/introspect`,
    end_session: `${oidc}/logout`,
    revocation: `${oidc}/revoke`,
    jwks: `${oidc}/certs`,
  },
  ttl: {
    AccessToken: config.accessTokenSeconds ?? 120,
    AuthorizationCode: 60,
    RefreshToken: 30 * 60,
    IdToken: 120,
    Interaction: 10 * 60,
    Session: 4 * 3600,
    Grant: 4 * 3600,
  },
  // Pro Santé Connect gives a refresh token without offline_access, and rotates it.
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  // Their introspection names the professional: extraTokenClaims ends up in it.
  extraTokenClaims: async (ctx, token) => {
    const person = bySub.get(token.accountId);
    return person && { SubjectNameID: person.userinfo.SubjectNameID, preferred_username: person.userinfo.SubjectNameID, acr: 'eidas1' };
  },
  findAccount: async (ctx, sub) => {
    const person = bySub.get(sub);
    return person && { accountId: sub, claims: async () => ({ ...person.userinfo }) };
  },
  // No consent screen, as there is none at Pro Santé Connect.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid scope_all offline_access');
    await grant.save();
    return grant;
  },
  interactions: { url: (ctx, interaction) => `${realm}/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: async () => true },
    revocation: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: async (ctx, form) => {
        ctx.body = page('Se déconnecter', `${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes" data-testid="idp-logout">Oui, me déconnecter</button>`);
      },
    },
  },
  renderError: async (ctx, out) => {
    ctx.body = page('Erreur', `<p data-testid="idp-error">${escape(out.error)}: ${escape(out.error_description)}</p>`);
  },
});

// The page on which a test picks who signs in. Without a card picked, nobody
// enters: every button carries its own answer, so it works without scripts.
function loginPage(uid) {
  const people = config.people.map((p) => `<button name="person" value="${escape(p.key)}" data-testid="idp-person-${escape(p.key)}">
${escape(p.label)}</button>`).join('\n');
  return page("Fournisseur d'identité de test", `<form method="post" action="${realm}/interaction/${uid}">
<p><label><input type="radio" name="mode" value="CARD" checked data-testid="idp-card"> Carte CPS</label>
<label><input type="radio" name="mode" value="MOBILE" data-testid="idp-ecps"> e-CPS</label></p>
${people}
<button name="refuse" value="1" data-testid="idp-refuse">Carte refusée</button></form>`);
}

async function body(req) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > 64 * 1024) throw new Error('request too large');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

async function interaction(req, res, uid) {
  const details = await provider.interactionDetails(req, res);
  if (req.method === 'GET') {
    res.setHeader('content-type', 'text/html; charset=utf-8');
    res.end(loginPage(uid));
    return;
  }
  const form = await body(req);
  const person = byKey.get(form.get('person') ?? '');
  const result = form.get('refuse') || !person
    ? { error: 'access_denied', error_description: 'card refused' }
    : { login: { accountId: person.userinfo.sub, acr: 'eidas1', amr: [form.get('mode') ?? 'CARD'], remember: true } };
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

const callback = provider.callback();
createServer((req, res) => {
  const original = req.url;
  if (!original.startsWith(realm + '/')) {
    res.statusCode = 404;
    res.end('not here');
    return;
  }
  req.originalUrl = original;
  req.url = original.slice(realm.length);
  const match = /^\/interaction\/([\w-]+)$/.exec(req.url);
  if (match) {
    interaction(req, res, match[1]).catch((err) => {
      res.statusCode = 400;
      res.setHeader('content-type', 'text/html; charset=utf-8');
      res.end(page('Erreur', `<p data-testid="idp-error">${escape(err.message)}</p>`));
    });
    return;
  }
  if (req.url.startsWith('/.well-known/wallet-openid-configuration')) {
    req.url = req.url.replace('wallet-openid-configuration', 'openid-configuration');
    req.originalUrl = realm + req.url;
  }
  callback(req, res);
}).listen(config.port, '127.0.0.1', () => console.log(`READY ${issuer}`));
