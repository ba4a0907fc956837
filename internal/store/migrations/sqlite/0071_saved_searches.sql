-- +goose Up
-- Searches a person keeps for a mailbox. Name and words may name a patient: both are
-- read only under seal. removed_at is 0 while it is kept; one removed may come back for a
-- day. Times are microseconds since 1970, UTC.
CREATE TABLE account_searches (
    id         TEXT    NOT NULL PRIMARY KEY,
    account_id TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    mailbox_id TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX account_searches_by_account ON account_searches (account_id, mailbox_id);

-- +goose Down
DROP TABLE account_searches;
