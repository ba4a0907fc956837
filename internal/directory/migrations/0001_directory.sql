-- +goose Up
-- One generation of the directory: built aside, then read only, but for single
-- records from the FHIR service. Nothing here is secret or ours: all of it can be
-- fetched again.
CREATE TABLE mailboxes (
    id              INTEGER PRIMARY KEY, -- the rowid of words too
    key             TEXT    NOT NULL,    -- the address, lower case
    address         TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    national_id     TEXT    NOT NULL,
    person_ref      INTEGER NOT NULL,    -- 0 = nobody; first 63 bits of the opaque id
    structure_key   TEXT    NOT NULL,
    structure_ref   INTEGER NOT NULL,
    title           TEXT    NOT NULL,
    given           TEXT    NOT NULL,
    family          TEXT    NOT NULL,
    profession      TEXT    NOT NULL,    -- codes; their words are in labels
    speciality      TEXT    NOT NULL,
    structure       TEXT    NOT NULL,
    sign            TEXT    NOT NULL,
    service         TEXT    NOT NULL,
    street          TEXT    NOT NULL,
    postcode        TEXT    NOT NULL,
    town            TEXT    NOT NULL,
    department      TEXT    NOT NULL,
    flags           INTEGER NOT NULL,
    source          TEXT    NOT NULL,    -- extraction, fhir
    updated_at      INTEGER NOT NULL,
    digest          INTEGER NOT NULL     -- of the row's content: the same line twice, changes
) STRICT;

-- What is searched: folded words only, one column a meaning. Positions are of no
-- use here, columns are. A row's words follow from the row: it can be taken out.
CREATE VIRTUAL TABLE words USING fts5 (
    family, given, work, place, org,
    content = '', detail = column, columnsize = 0,
    prefix = '2 3 4', tokenize = 'ascii'
);

-- Every distinct word and in how many rows it stands, by meaning.
CREATE TABLE terms (
    term   TEXT    NOT NULL PRIMARY KEY,
    family INTEGER NOT NULL,
    given  INTEGER NOT NULL,
    place  INTEGER NOT NULL,
    org    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The words of a code, as the source wrote them.
CREATE TABLE labels (
    list  TEXT NOT NULL, -- profession, speciality
    code  TEXT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (list, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE about (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE about;
DROP TABLE labels;
DROP TABLE terms;
DROP TABLE words;
DROP TABLE mailboxes;
