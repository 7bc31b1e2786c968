-- name: health
-- Reads: receipt, quarantine, arrival. Takes: nothing.
-- Gives: the newest receipt's instant (µs UTC, null: none), the number of quarantined events, the number of unsettled
-- events, the append of the first of those (µs UTC, null: none), one row.
SELECT
    (SELECT max(recorded_at) FROM receipt)::BIGINT,
    (SELECT count(*) FROM quarantine)::BIGINT,
    (SELECT count(*) FROM arrival)::BIGINT,
    (SELECT min(received_at) FROM arrival)::BIGINT
