-- name: backlog
-- Reads: arrival. Takes: nothing.
-- Gives: the number of events, and the first append (µs UTC, null: none), one row.
SELECT count(*)::BIGINT, min(received_at)::BIGINT FROM arrival

-- name: first_append
-- Reads: arrival. Takes: nothing. Gives: the first append in it, one row.
SELECT min(append_no)::INTEGER FROM arrival

-- name: insert_arrivals
-- Reads: arrival. Takes: nothing. Changes: adds its events to event, in order of append.
INSERT INTO event
SELECT * EXCLUDE (received_at), false, false, false FROM arrival

-- name: delete_arrivals
-- Changes: arrival is empty.
DELETE FROM arrival

-- name: latest_session
-- Reads: session, plan_session. Takes: $from_us, $now_us (µs UTC).
-- Gives: the latest start of a session within these instants, both included (µs UTC, null: none), one row.
SELECT greatest(
    (SELECT max(started_at) FROM session WHERE started_at BETWEEN $from_us AND $now_us),
    (SELECT max(started_at) FROM plan_session WHERE started_at BETWEEN $from_us AND $now_us)
)::BIGINT

-- name: plan_session_count
-- Reads: plan_session. Takes: $start_us, $end_us (µs UTC).
-- Gives: the number of sessions under policies of plans that start in this half-open span, one row.
SELECT count(*)::BIGINT FROM plan_session WHERE started_at >= $start_us AND started_at < $end_us
