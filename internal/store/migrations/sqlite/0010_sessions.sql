-- +goose Up
-- Browser sessions. The cookie holds id.secret; this table holds the SHA-256 of
-- the secret, so a copy of the database opens no session. person and tokens are
-- sealed with the id as associated data: a blob moved to another row stays shut.
-- Times are microseconds since 1970, UTC; 0 means "not yet" or "unknown".
CREATE TABLE sessions (
    id             TEXT    NOT NULL PRIMARY KEY,
    secret_hash    BLOB    NOT NULL,
    account_id     TEXT    NOT NULL,
    agent          TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    seen_at        INTEGER NOT NULL,
    person         BLOB    NOT NULL,
    tokens         BLOB,
    tokens_at      INTEGER NOT NULL DEFAULT 0,
    access_expires INTEGER NOT NULL DEFAULT 0,
    mail_until     INTEGER NOT NULL DEFAULT 0,
    -- a server refused the access token: the next use refreshes it
    evicted        INTEGER NOT NULL DEFAULT 0,
    -- who refreshes now, until when; refresh_doubt: a refresh was sent and its
    -- answer never written, so the refresh token may have been used up
    lease_owner    TEXT    NOT NULL DEFAULT '',
    lease_until    INTEGER NOT NULL DEFAULT 0,
    refresh_doubt  INTEGER NOT NULL DEFAULT 0,
    mail_ended_at  INTEGER NOT NULL DEFAULT 0,
    mail_reason    TEXT    NOT NULL DEFAULT '',
    ended_at       INTEGER NOT NULL DEFAULT 0,
    end_reason     TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX sessions_account ON sessions (account_id, ended_at);
CREATE INDEX sessions_ended ON sessions (ended_at);

-- Sign-ins under way: state, nonce and PKCE verifier, sealed, read once.
CREATE TABLE session_sign_ins (
    browser_hash BLOB    NOT NULL,
    state_hash   BLOB    NOT NULL,
    payload      BLOB    NOT NULL,
    started_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (browser_hash, state_hash)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE session_sign_ins;
DROP TABLE sessions;
