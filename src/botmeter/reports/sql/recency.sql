-- Reads: event, receipt.
-- Gives: one row: the first and the latest instant of any event, and when the last submission was
-- recorded (µs UTC, null: there is none).
SELECT
    (SELECT min(occurred_at) FROM event)::BIGINT   AS first_event_us,
    (SELECT max(occurred_at) FROM event)::BIGINT   AS latest_event_us,
    (SELECT max(recorded_at) FROM receipt)::BIGINT AS recorded_us
