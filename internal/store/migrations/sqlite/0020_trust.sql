-- +goose Up
-- The last good copy of the MSSanté white list, as it was signed. Nothing here is
-- believed by itself: the signature is verified again whenever it is loaded.
CREATE TABLE trust_list (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    document     BLOB    NOT NULL, -- gzip of the bytes received
    generated_at INTEGER NOT NULL, -- DateDeGeneration
    fetched_at   INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE trust_list;
