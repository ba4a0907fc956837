-- +goose Up
-- Letters to a recipient that came back and of which no story is kept here: sent by
-- another program, or forgotten since. Opaque keys as in ledger_letters.
CREATE TABLE ledger_lost (
    message_key   TEXT    NOT NULL,
    recipient_key TEXT    NOT NULL,
    mailbox       TEXT    NOT NULL, -- address of the sender, lower case
    code          TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    PRIMARY KEY (message_key, recipient_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_lost_by_mailbox ON ledger_lost (mailbox);
CREATE INDEX ledger_lost_by_age ON ledger_lost (at);

-- +goose Down
DROP TABLE ledger_lost;
