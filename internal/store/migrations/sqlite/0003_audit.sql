-- +goose Up
CREATE TABLE audit_rows (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    node        TEXT    NOT NULL,
    day         TEXT    NOT NULL, -- the chain's UTC day, 2006-01-02
    n           INTEGER NOT NULL, -- 1, 2, 3 … within the chain
    at          INTEGER NOT NULL,
    session_id  TEXT    NOT NULL,
    account_id  TEXT    NOT NULL,
    national_id TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    work        TEXT    NOT NULL,
    acr         TEXT    NOT NULL,
    mailbox     TEXT    NOT NULL, -- address, or 'patient:' and an opaque key
    action      TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    request     TEXT    NOT NULL,
    items       INTEGER NOT NULL,
    detail      BLOB,             -- sealed
    detail_key  TEXT    NOT NULL, -- opaque key of the plain detail, to find it again
    key_id      TEXT    NOT NULL,
    prev        BLOB    NOT NULL, -- mac of the row before; of the day before for n = 1
    mac         BLOB    NOT NULL,
    UNIQUE (node, day, n)
) STRICT;

CREATE INDEX audit_rows_by_account ON audit_rows (account_id, seq);
CREATE INDEX audit_rows_by_mailbox ON audit_rows (mailbox, seq);

-- The signed end of each chain: what shows that a tail was cut.
CREATE TABLE audit_heads (
    node      TEXT    NOT NULL,
    day       TEXT    NOT NULL,
    n         INTEGER NOT NULL,
    row_mac   BLOB    NOT NULL,
    purged    INTEGER NOT NULL DEFAULT 0, -- 1: rows removed at the end of their retention
    signed_at INTEGER NOT NULL,
    key_id    TEXT    NOT NULL,
    mac       BLOB    NOT NULL,
    PRIMARY KEY (node, day)
) STRICT, WITHOUT ROWID;

-- Against our own mistakes; the chain is what stands against an intruder.
-- +goose StatementBegin
CREATE TRIGGER audit_rows_no_update BEFORE UPDATE ON audit_rows
BEGIN
    SELECT RAISE(ABORT, 'the trail is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_rows_no_delete BEFORE DELETE ON audit_rows
WHEN NOT EXISTS (SELECT 1 FROM audit_heads h WHERE h.node = OLD.node AND h.day = OLD.day AND h.purged = 1)
BEGIN
    SELECT RAISE(ABORT, 'the trail is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE audit_heads;
DROP TABLE audit_rows;
