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

-- name: recharges
-- Reads: plan_term. Takes: nothing. Gives: whether a plan in force recharges, one row.
SELECT count(*) > 0 FROM plan_term WHERE undone_at IS NULL AND contains(definition, '"recharge"')

-- name: recharge_spans
-- Reads: recharge_span. Takes: nothing. Gives: after_at and until_at (µs UTC), one row per span, in order.
SELECT after_at, until_at FROM recharge_span ORDER BY after_at, until_at

-- name: insert_recharge_span
-- Takes: after_at and until_at (µs UTC). Changes: recharge_span has the row.
INSERT INTO recharge_span VALUES (?, ?)

-- name: delete_recharge_span
-- Takes: after_at and until_at (µs UTC). Changes: recharge_span has no such row.
DELETE FROM recharge_span WHERE after_at = ? AND until_at = ?
