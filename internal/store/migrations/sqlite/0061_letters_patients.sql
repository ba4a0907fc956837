-- +goose Up
-- Which letters go to patients, so that no letter to a colleague is read for the state of
-- an exchange; those from before may. And failures, to be found without a walk through
-- all that ever happened.
ALTER TABLE letters ADD COLUMN patients INTEGER NOT NULL DEFAULT 1;
CREATE INDEX ledger_events_failed ON ledger_events (letter_id) WHERE kind IN ('bounced', 'refused');

-- +goose Down
DROP INDEX ledger_events_failed;
ALTER TABLE letters DROP COLUMN patients;
