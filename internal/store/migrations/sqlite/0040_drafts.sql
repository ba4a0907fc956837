-- +goose Up
-- Letters being written. What a person wrote is sealed: body with the draft's id,
-- mailbox and author as associated data, chunks with author, draft, file and place.
-- Instants: microseconds since 1970 UTC, 0 for "never".
CREATE TABLE drafts (
    id          TEXT PRIMARY KEY,
    mailbox_id  TEXT    NOT NULL REFERENCES mailboxes (id),
    author_id   TEXT    NOT NULL, -- account that began it
    version     INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('open', 'sending', 'unknown', 'sent', 'discarded')),
    body        BLOB    NOT NULL, -- sealed
    message_key TEXT    NOT NULL, -- opaque key of the Message-ID
    copy_of     TEXT    NOT NULL DEFAULT '', -- a concurrent version of that draft
    -- the page that wrote the current version, and how far it counted
    writer      TEXT    NOT NULL DEFAULT '',
    writer_seq  INTEGER NOT NULL DEFAULT 0,
    noted       TEXT    NOT NULL DEFAULT '', -- session whose writing the trail already tells
    files_rev   INTEGER NOT NULL DEFAULT 0,  -- moves when a file comes or goes
    created_at  INTEGER NOT NULL,
    saved_at    INTEGER NOT NULL,
    closed_at   INTEGER NOT NULL DEFAULT 0,  -- sent or discarded
    -- the copy in the mailbox's Drafts folder
    imap_version  INTEGER NOT NULL DEFAULT 0,
    imap_files    INTEGER NOT NULL DEFAULT 0, -- files_rev it was written with
    imap_validity INTEGER NOT NULL DEFAULT 0,
    imap_uid      INTEGER NOT NULL DEFAULT 0,
    imap_size     INTEGER NOT NULL DEFAULT 0, -- octets last appended, or about to be
    imap_tried    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX drafts_by_mailbox ON drafts (mailbox_id, state, saved_at);
CREATE INDEX drafts_by_message ON drafts (message_key);
CREATE INDEX drafts_closed ON drafts (state, closed_at);

CREATE TABLE draft_files (
    id         TEXT PRIMARY KEY,
    home       TEXT    NOT NULL, -- draft it was brought to: part of the seal
    author_id  TEXT    NOT NULL, -- of that draft: part of the seal
    size       INTEGER NOT NULL, -- octets announced
    received   INTEGER NOT NULL, -- octets durable, from the first on
    meta       BLOB    NOT NULL, -- sealed: name and types
    touched_at INTEGER NOT NULL
) STRICT;

CREATE TABLE draft_chunks (
    file_id TEXT    NOT NULL REFERENCES draft_files (id) ON DELETE CASCADE,
    n       INTEGER NOT NULL,
    blob    BLOB    NOT NULL, -- sealed
    PRIMARY KEY (file_id, n)
) STRICT;

-- Concurrent versions of a draft share their files.
CREATE TABLE draft_attached (
    draft_id TEXT    NOT NULL REFERENCES drafts (id) ON DELETE CASCADE,
    file_id  TEXT    NOT NULL REFERENCES draft_files (id),
    place    INTEGER NOT NULL,
    PRIMARY KEY (draft_id, file_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX draft_attached_file ON draft_attached (file_id);

-- +goose Down
DROP TABLE draft_attached;
DROP TABLE draft_chunks;
DROP TABLE draft_files;
DROP TABLE drafts;
