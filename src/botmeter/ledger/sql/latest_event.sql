-- Reads: event. Takes: nothing. Gives: the latest instant of any event (µs UTC, null: none), one row.
SELECT max(occurred_at)::BIGINT FROM event
