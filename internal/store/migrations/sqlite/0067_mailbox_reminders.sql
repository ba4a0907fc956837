-- +goose Up
-- Letters put aside until a date: where they lie and when they come back, sealed (a
-- date beside a mailbox tells of somebody's care).
CREATE TABLE mailbox_reminders (
    id         TEXT    NOT NULL PRIMARY KEY,
    mailbox_id TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX mailbox_reminders_by_mailbox ON mailbox_reminders (mailbox_id);

-- +goose Down
DROP TABLE mailbox_reminders;
