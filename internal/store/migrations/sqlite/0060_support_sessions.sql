-- +goose Up
-- Sessions of support staff: another table than practitioners', so that no query on
-- one can ever find the other. The cookie holds id.secret, this table the SHA-256 of
-- the secret. person (who, and the id_token to sign out with) is sealed with the id.
-- Times are microseconds since 1970, UTC; 0 means "not yet".
CREATE TABLE support_sessions (
    id          TEXT    NOT NULL PRIMARY KEY,
    secret_hash BLOB    NOT NULL,
    agent       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    person      BLOB    NOT NULL,
    ended_at    INTEGER NOT NULL DEFAULT 0,
    end_reason  TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX support_sessions_ended ON support_sessions (ended_at);

-- +goose Down
DROP TABLE support_sessions;
