-- +goose Up
CREATE TABLE grants (
    id          TEXT PRIMARY KEY,
    mailbox_id  TEXT    NOT NULL REFERENCES mailboxes (id),
    grantee     TEXT    NOT NULL, -- national id: the person may never have signed in
    kind        TEXT    NOT NULL CHECK (kind IN ('owner', 'delegate')),
    rights      TEXT    NOT NULL, -- codes, comma separated
    valid_from  INTEGER NOT NULL,
    valid_until INTEGER NOT NULL DEFAULT 0, -- 0: no end
    granted_by  TEXT    NOT NULL,
    revoked_at  INTEGER NOT NULL DEFAULT 0,
    revoked_by  TEXT    NOT NULL DEFAULT ''
) STRICT;

-- One grant in force for a person on a mailbox: a new one replaces it.
CREATE UNIQUE INDEX grants_in_force ON grants (grantee, mailbox_id) WHERE revoked_at = 0;
CREATE INDEX grants_by_mailbox ON grants (mailbox_id);

-- +goose Down
DROP TABLE grants;
