-- Reads: event. Takes: $before (µs UTC). Gives: how many events occurred before it, and when the first did
-- (µs UTC, null: none), one row.
SELECT count(*)::BIGINT, min(occurred_at)::BIGINT
FROM event
WHERE occurred_at < $before::BIGINT
