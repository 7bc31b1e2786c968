-- name: receipt_retry
-- Changes: receipt says which import's quarantined events were sent again. It is unknown of earlier retries.
ALTER TABLE receipt ADD COLUMN retry_of INTEGER

-- name: file_import
-- Gives: file_import, one row per imported file, in order of commit.
CREATE TABLE file_import (
    import_no   INTEGER  NOT NULL, -- from 1
    append_no   INTEGER  NOT NULL, -- the submission of its events
    kind        UTINYINT NOT NULL, -- 0: a file, 1: sample data
    file_name   VARCHAR  NOT NULL,
    size_bytes  BIGINT,            -- null: unknown, as of a pipe
    mapping     VARCHAR,           -- the mapping file's text; null: none
    imported_by VARCHAR,           -- null: unknown
    undone_at   BIGINT,            -- µs UTC; null: in force
    undone_by   VARCHAR,           -- null: unknown
    undone_for  VARCHAR            -- the reason
)

-- name: erased_key
-- Gives: erased_key, one row per event of an erased customer that left with an undone import. Sent again, it is a
-- duplicate and brings nothing back.
CREATE TABLE erased_key (
    event_key   UBIGINT NOT NULL, -- as event had it
    occurred_at BIGINT  NOT NULL  -- µs UTC
)

-- name: earlier_imports
-- Reads: receipt. Changes: adds the imports until version 6 to file_import. All other submissions have these labels.
INSERT INTO file_import
SELECT row_number() OVER (ORDER BY append_no), append_no, 0, label, NULL, NULL, NULL, NULL, NULL, NULL
FROM receipt
WHERE label NOT IN ('live', 'quarantine') AND NOT starts_with(label, 'pull ')
ORDER BY append_no

-- name: quarantine_accepted
-- Changes: quarantine says which submission brought the corrected event. Until version 6 such a row was deleted.
ALTER TABLE quarantine ADD COLUMN accepted_no INTEGER

-- name: quarantine_discarded_at
-- Changes: quarantine says when an event was discarded.
ALTER TABLE quarantine ADD COLUMN discarded_at BIGINT

-- name: quarantine_discarded_by
-- Changes: quarantine says who discarded an event.
ALTER TABLE quarantine ADD COLUMN discarded_by VARCHAR

-- name: quarantine_discarded_for
-- Changes: quarantine says why an event was discarded.
ALTER TABLE quarantine ADD COLUMN discarded_for VARCHAR

-- name: quarantine_again
-- Changes: quarantine says which imports brought an event again.
ALTER TABLE quarantine ADD COLUMN again_nos INTEGER[]

-- name: waiting
-- Reads: quarantine. Gives: waiting, one row per event in quarantine that was neither discarded nor accepted since.
CREATE VIEW waiting AS
SELECT * FROM quarantine WHERE accepted_no IS NULL AND discarded_at IS NULL
