-- name: latest_event
-- Reads: event. Gives: the time of the latest event (µs UTC, null: none), one row.
SELECT max(occurred_at)::BIGINT FROM event

-- name: recency
-- Reads: receipt, file_import, delivery, arrival.
-- Gives: one row: the recording of the last submission with counted events, and of the last live one (µs UTC, null:
-- none). In the order of the commits, since the clock may have been set back.
SELECT
    (
        SELECT max_by(recorded_at, append_no)
        FROM receipt
        WHERE accepted > 0
            AND append_no < (SELECT coalesce(min(append_no), 2147483647) FROM arrival)
            AND append_no NOT IN (SELECT append_no FROM file_import WHERE undone_at IS NOT NULL)
    )::BIGINT AS received_us,
    (
        SELECT max_by(received_at, append_no)
        FROM delivery
        WHERE accepted > 0 AND append_no < (SELECT coalesce(min(append_no), 2147483647) FROM arrival)
    )::BIGINT AS live_received_us

-- name: some_event
-- Reads: event. Gives: the time of an event that is stored early (µs UTC), one row or none.
SELECT occurred_at::BIGINT FROM event LIMIT 1

-- name: first_event
-- Reads: event. Takes: $before_us (of some event). Gives: the time of the first event (µs UTC), one row. Events stand nearly
-- in order of time, so that nearly none but the first ones are read.
SELECT min(occurred_at)::BIGINT FROM event WHERE occurred_at <= $before_us::BIGINT
