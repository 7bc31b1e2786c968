-- name: last_append
-- Reads: receipt, arrival. Takes: nothing. Gives: the number of the last append of events (0: none), one row.
SELECT greatest(
    (SELECT coalesce(max(append_no), 0) FROM receipt), (SELECT coalesce(max(append_no), 0) FROM arrival)
)::INTEGER

-- name: settled_append
-- Reads: receipt, arrival. Takes: nothing. Gives: the number of the last append without arrivals (0: none), one row.
SELECT coalesce(
    (SELECT min(append_no) - 1 FROM arrival), (SELECT max(append_no) FROM receipt), 0
)::INTEGER

-- name: aliases
-- Reads: same_customer. Takes: nothing. Gives: the aliases in force and their customers, ascending by alias.
SELECT sent_customer_id::VARCHAR, customer_id::VARCHAR FROM same_customer ORDER BY 1, 2

-- name: arrivals
-- Reads: arrival, same_customer. Takes: nothing.
-- Gives: the events that are not settled, in the columns of METER_SCHEMA and append_no, one row per event, in any order.
SELECT
    x.source::VARCHAR AS source, x.event_id::VARCHAR AS event_id, x.occurred_at::BIGINT AS occurred_at,
    x.conversation_id::VARCHAR AS conversation_id, coalesce(s.customer_id, x.customer_id)::VARCHAR AS customer_id,
    x.actor::UTINYINT AS actor, x.kind::UTINYINT AS kind, x.touchpoint::INTEGER AS touchpoint,
    x.preview::BOOLEAN AS preview, x.attributes::VARCHAR AS attributes, x.append_no::INTEGER AS append_no
FROM arrival AS x
LEFT JOIN same_customer AS s ON s.sent_customer_id = x.customer_id

-- name: running_sessions
-- Reads: {table} (session or plan_session), touchpoint. Takes: $from (µs UTC); $policy, as in the table (null: any);
-- {key}.
-- Gives: the last session of each scope key that had not ended by then, one row per key, in any order.
SELECT
    x.session_id::VARCHAR AS session_id, x.policy::VARCHAR AS policy, x.customer_id::VARCHAR AS customer_id,
    x.conversation_id::VARCHAR AS conversation_id, x.bot_id::VARCHAR AS bot_id, x.channel::VARCHAR AS channel,
    x.started_at::BIGINT AS started_at, x.last_event_at::BIGINT AS last_event_at
FROM (
    SELECT t.*, p.bot_id, p.channel
    FROM {table} AS t
    JOIN touchpoint AS p ON p.touchpoint = t.opening_touchpoint
    WHERE t.ended_at >= $from AND ($policy IS NULL OR t.policy::VARCHAR = $policy)
) AS x
QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY x.started_at DESC, x.session_id DESC) = 1

-- name: restart
-- Reads: {table} (session or plan_session), touchpoint. Takes: $from (µs UTC); $policy, as in the table (null: any);
-- $key (null: all); {key}.
-- Gives: restart (key, restart_at), the starts of the sessions that ran then, one row per scope key.
CREATE OR REPLACE TEMP TABLE restart AS
SELECT {key} AS key, max(x.started_at)::BIGINT AS restart_at
FROM (
    SELECT t.*, p.bot_id, p.channel
    FROM {table} AS t
    JOIN touchpoint AS p ON p.touchpoint = t.opening_touchpoint
    WHERE t.ended_at >= $from AND t.started_at < $from AND ($policy IS NULL OR t.policy::VARCHAR = $policy)
) AS x
WHERE $key IS NULL OR {key} = $key
GROUP BY 1

-- name: restart_bound
-- Reads: restart. Takes: $from (µs UTC). Gives: the earliest restart, or that instant if it is earlier, one row.
SELECT least($from, coalesce(min(restart_at), $from))::BIGINT FROM restart

-- name: events_since
-- Reads: event, touchpoint, restart. Takes: $from (µs UTC); $restart (the earliest); $key (null: all); {key} and its
-- tables; {meter_columns}.
-- Gives: the settled events of each scope key from the start of its running session on, else from that instant on, in
-- the columns of METER_SCHEMA, one row per event, in any order.
SELECT {meter_columns}
FROM {event} AS x
LEFT JOIN restart AS r ON r.key = {key}
WHERE x.occurred_at >= $restart AND x.occurred_at >= coalesce(r.restart_at, $from) AND ($key IS NULL OR {key} = $key)
