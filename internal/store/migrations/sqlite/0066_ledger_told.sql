-- +goose Up
-- Letters to a patient that came back and whose patient somebody told otherwise, by
-- telephone for instance: nobody waits for them any more. Opaque keys as in ledger_letters.
CREATE TABLE ledger_told (
    message_key   TEXT    NOT NULL,
    recipient_key TEXT    NOT NULL,
    mailbox       TEXT    NOT NULL, -- address of the sender, lower case
    at            INTEGER NOT NULL,
    PRIMARY KEY (message_key, recipient_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_told_by_mailbox ON ledger_told (mailbox);
CREATE INDEX ledger_told_by_age ON ledger_told (at);

-- +goose Down
DROP TABLE ledger_told;
