-- name: stored_commit
-- Reads: meta, receipt. Takes: nothing.
-- Gives: the last acknowledged commit as JSON (null: an earlier Botmeter wrote the file), and the number of the last
-- receipt, which is read for such a file only (else 0), one row.
SELECT
    max(value)::VARCHAR,
    CASE WHEN max(value) IS NULL THEN (SELECT coalesce(max(append_no), 0) FROM receipt) ELSE 0 END::INTEGER
FROM meta
WHERE name = 'last_commit'

-- name: last_receipt_at
-- Reads: receipt. Takes: nothing. Gives: the time of the last receipt (µs UTC, null: none), one row.
SELECT max(recorded_at)::BIGINT FROM receipt

-- name: update_commit
-- Takes: $value. Changes: the last acknowledged commit, if there is one. Gives: 1 or 0, one row.
UPDATE meta SET value = $value WHERE name = 'last_commit'

-- name: insert_commit
-- Takes: $value. Changes: adds the first acknowledged commit.
INSERT INTO meta VALUES ('last_commit', $value)
