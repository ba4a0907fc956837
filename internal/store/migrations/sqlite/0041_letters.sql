-- +goose Up
-- Letters handed to the operator, one row each time a person said 'Envoyer'. A row
-- is durable as 'submitting' before the first octet leaves.
CREATE TABLE letters (
    id          TEXT PRIMARY KEY,
    draft_id    TEXT    NOT NULL, -- the draft goes first: a letter is remembered longer
    mailbox_id  TEXT    NOT NULL REFERENCES mailboxes (id),
    account_id  TEXT    NOT NULL, -- who said so
    session_id  TEXT    NOT NULL,
    version     INTEGER NOT NULL, -- of the draft
    state       TEXT    NOT NULL CHECK (state IN ('submitting', 'accepted', 'refused', 'kept', 'unknown', 'again')),
    frozen      BLOB    NOT NULL, -- sealed: what the octets are made from, and the person
    sha256      BLOB    NOT NULL, -- of the octets submitted
    size        INTEGER NOT NULL,
    message_key TEXT    NOT NULL,
    outcome     BLOB    NOT NULL, -- sealed: per recipient; empty before
    started_at  INTEGER NOT NULL,
    settled_at  INTEGER NOT NULL DEFAULT 0,
    -- what is left to do in the mailbox once it is gone
    copied      INTEGER NOT NULL DEFAULT 0, -- 1: its copy is in Sent
    followed    INTEGER NOT NULL DEFAULT 0, -- 1: draft copy removed, original marked
    tries       INTEGER NOT NULL DEFAULT 0,
    next_try    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- However many clicks, tabs or nodes: one letter of a draft is under way.
CREATE UNIQUE INDEX letters_one_under_way ON letters (draft_id) WHERE state IN ('submitting', 'accepted', 'unknown');
CREATE INDEX letters_unfinished ON letters (mailbox_id, next_try)
    WHERE state IN ('submitting', 'unknown') OR state = 'accepted' AND (copied = 0 OR followed = 0);
CREATE INDEX letters_by_message ON letters (message_key);
CREATE INDEX letters_by_draft ON letters (draft_id, started_at);

-- +goose Down
DROP TABLE letters;
