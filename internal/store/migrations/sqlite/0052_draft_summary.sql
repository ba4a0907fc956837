-- +goose Up
-- What a list shows of a draft, sealed as the body is: a list need not open texts.
-- Empty for drafts written before, whose body is opened.
ALTER TABLE drafts ADD COLUMN summary BLOB NOT NULL DEFAULT x'';

-- +goose Down
ALTER TABLE drafts DROP COLUMN summary;
