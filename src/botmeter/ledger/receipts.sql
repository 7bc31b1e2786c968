-- name: insert_receipt
-- Takes: ? for each column of receipt but retry_of, in order. Changes: adds the row to receipt.
INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)

-- name: set_retry_of
-- Takes: $append_no, $retry_of (an import's). Changes: the receipt says that its events were in that import's quarantine.
UPDATE receipt SET retry_of = $retry_of WHERE append_no = $append_no

-- name: last_receipt
-- Reads: receipt. Takes: nothing. Gives: the newest receipt's instant (µs UTC, null: none), one row.
SELECT max(recorded_at)::BIGINT FROM receipt
