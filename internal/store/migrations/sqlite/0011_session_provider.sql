-- +goose Up
-- Which of the provider's sessions, and which of its subjects, a session came from:
-- what a logout said by the provider names. Opaque keys, never the values.
ALTER TABLE sessions ADD COLUMN provider_sid TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN provider_sub TEXT NOT NULL DEFAULT '';

CREATE INDEX sessions_provider_sid ON sessions (provider_sid) WHERE provider_sid <> '' AND ended_at = 0;
CREATE INDEX sessions_provider_sub ON sessions (provider_sub) WHERE provider_sub <> '' AND ended_at = 0;

-- Logout tokens already obeyed: each serves once.
CREATE TABLE session_logouts (
    token_hash BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE session_logouts;
DROP INDEX sessions_provider_sub;
DROP INDEX sessions_provider_sid;
ALTER TABLE sessions DROP COLUMN provider_sub;
ALTER TABLE sessions DROP COLUMN provider_sid;
