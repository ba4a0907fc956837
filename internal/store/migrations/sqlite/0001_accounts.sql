-- Instants everywhere: microseconds since 1970-01-01 UTC, 0 for "never".

-- +goose Up
CREATE TABLE about (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    id           TEXT PRIMARY KEY,
    national_id  TEXT    NOT NULL UNIQUE,
    given_name   TEXT    NOT NULL,
    family_name  TEXT    NOT NULL,
    profession   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_sign_in INTEGER NOT NULL DEFAULT 0,
    closed_at    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE mailboxes (
    id          TEXT PRIMARY KEY,
    address_key TEXT    NOT NULL UNIQUE, -- lower case, to compare
    address     TEXT    NOT NULL,        -- as written
    kind        TEXT    NOT NULL,        -- TRE_R257, '' unknown
    label       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE preferences (
    account_id TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL,
    value      TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE preferences;
DROP TABLE mailboxes;
DROP TABLE accounts;
DROP TABLE about;
