-- +goose Up
-- What happened to each letter, for each recipient. No subject, no body, and no
-- address of a recipient in clear: keys to find them by, sealed text to show them.
CREATE TABLE ledger_letters (
    id          TEXT    NOT NULL PRIMARY KEY,
    mailbox     TEXT    NOT NULL, -- address of the sender, lower case
    actor       TEXT    NOT NULL, -- account id
    message_key TEXT    NOT NULL, -- opaque key of mailbox and Message-ID
    size        INTEGER NOT NULL,
    opened_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX ledger_letters_by_message ON ledger_letters (message_key);
CREATE INDEX ledger_letters_by_age ON ledger_letters (opened_at);

CREATE TABLE ledger_recipients (
    letter_id     TEXT    NOT NULL REFERENCES ledger_letters (id) ON DELETE CASCADE,
    recipient_key TEXT    NOT NULL, -- opaque key of the address
    n             INTEGER NOT NULL, -- order in the letter
    recipient     BLOB    NOT NULL, -- sealed
    PRIMARY KEY (letter_id, recipient_key)
) STRICT, WITHOUT ROWID;

-- Events are kept as they came; a recipient's state is read from all of them.
CREATE TABLE ledger_events (
    letter_id     TEXT    NOT NULL REFERENCES ledger_letters (id) ON DELETE CASCADE,
    recipient_key TEXT    NOT NULL, -- '' for the letter as a whole
    id            TEXT    NOT NULL, -- opaque key of the event itself: the same one twice is one
    kind          TEXT    NOT NULL,
    code          TEXT    NOT NULL,
    text          BLOB,             -- sealed: a server's answer may name the recipient
    at            INTEGER NOT NULL,
    PRIMARY KEY (letter_id, recipient_key, id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE ledger_events;
DROP TABLE ledger_recipients;
DROP TABLE ledger_letters;
