-- Reads: receipt, event. Takes: nothing.
-- Gives: the number of the next submission, and the latest instant of any event (µs UTC, null: none), one row.
SELECT
    (SELECT coalesce(max(append_no), 0) + 1 FROM receipt)::INTEGER,
    (SELECT max(occurred_at) FROM event)::BIGINT
