-- +goose Up
-- Who takes how much room, and which files were given up. A file's drafts are all in
-- one mailbox: concurrent versions share it.
ALTER TABLE draft_files ADD COLUMN mailbox_id TEXT    NOT NULL DEFAULT '';
ALTER TABLE draft_files ADD COLUMN by_id      TEXT    NOT NULL DEFAULT ''; -- account that brought it
ALTER TABLE draft_files ADD COLUMN dropped    INTEGER NOT NULL DEFAULT 0;  -- 1: never arrived in full, what had come is gone
UPDATE draft_files SET by_id = author_id, mailbox_id = coalesce((SELECT d.mailbox_id FROM draft_attached a JOIN drafts d ON d.id = a.draft_id WHERE a.file_id = draft_files.id LIMIT 1), '');
CREATE INDEX draft_files_mailbox ON draft_files (mailbox_id, size);
CREATE INDEX draft_files_by ON draft_files (by_id, size);

-- +goose Down
DROP INDEX draft_files_by;
DROP INDEX draft_files_mailbox;
ALTER TABLE draft_files DROP COLUMN dropped;
ALTER TABLE draft_files DROP COLUMN by_id;
ALTER TABLE draft_files DROP COLUMN mailbox_id;
