-- +goose Up
-- Whom an account has written to. Who writes to whom is nobody's business: the
-- address is found again by a MAC bound to the account, and read only under seal.
-- Times are microseconds since 1970, UTC.
CREATE TABLE directory_correspondents (
    account_id TEXT    NOT NULL,
    mac        BLOB    NOT NULL,
    sealed     BLOB    NOT NULL,
    uses       INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, mac)
) STRICT, WITHOUT ROWID;

CREATE INDEX directory_correspondents_age ON directory_correspondents (account_id, last_at);

-- +goose Down
DROP TABLE directory_correspondents;
