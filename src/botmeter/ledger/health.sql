-- name: health
-- Reads: receipt, waiting. Takes: nothing.
-- Gives: the newest receipt's instant (µs UTC, null: none), and the number of waiting events in quarantine, one row.
SELECT (SELECT max(recorded_at) FROM receipt)::BIGINT, (SELECT count(*) FROM waiting)::BIGINT
