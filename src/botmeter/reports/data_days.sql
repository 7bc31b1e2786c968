-- name: first_event
-- Reads: event.
-- Gives: one row: the time of the first event (µs UTC, null: none).
SELECT min(occurred_at)::BIGINT AS first_event_us FROM event
