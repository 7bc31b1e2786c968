-- name: condition
-- Reads: receipt, quarantine, arrival. Takes: nothing.
-- Gives: when the newest receipt was written (µs UTC, null: none), how many events are in quarantine, how many wait to
-- be settled, when the first of those was appended (µs UTC, null: none), one row.
SELECT
    (SELECT max(recorded_at) FROM receipt)::BIGINT,
    (SELECT count(*) FROM quarantine)::BIGINT,
    (SELECT count(*) FROM arrival)::BIGINT,
    (SELECT min(received_at) FROM arrival)::BIGINT
