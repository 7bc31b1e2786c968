-- name: recency
-- Reads: event, receipt, delivery, arrival.
-- Gives: one row: the first and the latest instant of any event; when the last submission was recorded that brought
-- events which are in the numbers, and when the last live one was (µs UTC, null: there is none). The clock may have been
-- set back, so the order is that of the commits.
SELECT
    (SELECT min(occurred_at) FROM event)::BIGINT AS first_event_us,
    (SELECT max(occurred_at) FROM event)::BIGINT AS latest_event_us,
    (
        SELECT max_by(recorded_at, append_no)
        FROM receipt
        WHERE accepted > 0 AND append_no < (SELECT coalesce(min(append_no), 2147483647) FROM arrival)
    )::BIGINT AS taken_in_us,
    (
        SELECT max_by(received_at, append_no)
        FROM delivery
        WHERE accepted > 0 AND append_no < (SELECT coalesce(min(append_no), 2147483647) FROM arrival)
    )::BIGINT AS live_us
