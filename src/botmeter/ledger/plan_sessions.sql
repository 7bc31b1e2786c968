-- name: pinned_policies
-- Reads: plan_term. Takes: nothing.
-- Gives: the plan terms in force: (from, µs UTC; policies by label as JSON), ascending by from.
SELECT from_at::BIGINT, policies::VARCHAR FROM plan_term WHERE undone_at IS NULL ORDER BY from_at, term_no

-- name: delete_all
-- Changes: plan_session is empty.
DELETE FROM plan_session

-- name: affected
-- Reads: event, touchpoint. Takes: $append_no (the first of this commit); {key} and its tables.
-- Gives: affected (key, since), one row per scope key with a new event; since: its first one, µs UTC.
CREATE OR REPLACE TEMP TABLE affected AS
SELECT {key} AS key, min(x.occurred_at) AS since
FROM {event} AS x
WHERE x.append_no >= $append_no
GROUP BY 1

-- name: affected_by_move
-- Reads: event, touchpoint, customer_move. Takes: {key} and its tables.
-- Gives: affected (key), the scope keys of the events that changed customer, before the change and after it.
CREATE OR REPLACE TEMP TABLE affected AS
SELECT {key} AS key
FROM {event} AS x
WHERE coalesce(x.sent_customer_id, x.customer_id) IN (SELECT sent_customer_id FROM customer_move)
UNION
SELECT {key} AS key
FROM (
    SELECT e.* REPLACE (m.before_id AS customer_id)
    FROM {event} AS e
    JOIN customer_move AS m ON coalesce(e.sent_customer_id, e.customer_id) = m.sent_customer_id
) AS x

-- name: affected_count
-- Reads: event, touchpoint, affected. Takes: {key} and its tables.
-- Gives: the number of events of the affected keys, one row.
SELECT count(*)::BIGINT FROM {event} AS x WHERE {key} IN (SELECT key FROM affected)

-- name: restart_whole
-- Reads: affected. Takes: nothing. Gives: restart (key, restart_at), before every event of the affected keys.
CREATE OR REPLACE TEMP TABLE restart AS SELECT key, (-4611686018427387904)::BIGINT AS restart_at FROM affected

-- name: restart
-- Reads: affected, plan_session, touchpoint. Takes: $policy, $is_anchored; {key} and its tables.
-- Gives: restart (key, restart_at), the instant from which each affected key is metered again: where metering can begin
-- there, the start of the session that was open at its first new event, else that event; or before every event.
CREATE OR REPLACE TEMP TABLE restart AS
WITH running AS (
    SELECT a.key, max(x.started_at) AS started_at
    FROM {plan_session} AS x
    JOIN affected AS a ON a.key = {key}
    WHERE x.policy = $policy AND x.started_at < a.since AND x.ended_at >= a.since
    GROUP BY a.key
)
SELECT a.key, CASE WHEN $is_anchored THEN coalesce(r.started_at, a.since) ELSE -4611686018427387904 END::BIGINT AS restart_at
FROM affected AS a
LEFT JOIN running AS r ON r.key = a.key

-- name: restart_bound
-- Reads: restart. Takes: nothing. Gives: the earliest restart, µs UTC, null: none; one row.
SELECT min(restart_at)::BIGINT FROM restart

-- name: delete_restarted
-- Reads: restart, touchpoint. Takes: $policy, $restart (the earliest); {key} and its tables. Changes: deletes the
-- policy's sessions of the affected keys from there on from plan_session. Gives: their starts (µs UTC).
DELETE FROM plan_session
WHERE policy = $policy AND started_at >= $restart AND session_id IN (
    SELECT x.session_id
    FROM {plan_session} AS x
    JOIN restart AS r ON r.key = {key}
    WHERE x.policy = $policy AND x.started_at >= $restart AND x.started_at >= r.restart_at
)
RETURNING started_at::BIGINT AS started_at

-- name: events_to_meter
-- Reads: event, touchpoint, restart. Takes: $restart (the earliest); {key} and its tables; {meter_columns}.
-- Gives: the events to meter again, in the columns of METER_SCHEMA, one row per event, in any order.
SELECT {meter_columns}
FROM {event} AS x
JOIN restart AS r ON r.key = {key}
WHERE x.occurred_at >= $restart AND x.occurred_at >= r.restart_at

-- name: insert_sessions
-- Reads: input_rows. Takes: nothing. Changes: adds the metered sessions to plan_session.
INSERT INTO plan_session
SELECT
    policy, session_id::UUID, customer_id, conversation_id, source, opening_event_id, opening_touchpoint,
    started_at, coalesce(ended_at, 4611686018427387904), last_event_at, event_count, closed_by, preview
FROM input_rows
