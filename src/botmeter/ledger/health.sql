-- name: health
-- Reads: receipt, quarantine. Takes: nothing.
-- Gives: the newest receipt's instant (µs UTC, null: none), and the number of quarantined events, one row.
SELECT (SELECT max(recorded_at) FROM receipt)::BIGINT, (SELECT count(*) FROM quarantine)::BIGINT
