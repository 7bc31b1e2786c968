-- name: affecting_events
-- Reads: new_event, changed_event. Takes: nothing. Gives: event, the rows of both.
CREATE TEMP VIEW event AS
SELECT conversation_id, customer_id, touchpoint, occurred_at, append_no FROM new_event
UNION ALL
SELECT conversation_id, customer_id, touchpoint, occurred_at, append_no FROM changed_event

-- name: first_since
-- Reads: affected. Takes: nothing. Gives: the least `since` of affected keys, µs UTC, one row.
SELECT min(since)::BIGINT FROM affected

-- name: drop_event
-- Changes: the view event of affecting events is dropped, so that one of stored ones can replace it.
DROP VIEW event

-- name: drop_session
-- Changes: the view session is dropped, so that one over more files can replace it.
DROP VIEW session

-- name: whole_keys
-- Reads: affected. Takes: nothing. Gives: stretch, all time of each affected key.
CREATE TEMP TABLE stretch AS
SELECT key, (-4611686018427387904)::BIGINT AS restart_at, 4611686018427387904::BIGINT AS until_at
FROM affected

-- name: parts_of_stretches
-- Reads: affected, session, event (new ones), touchpoint. Takes: $since (the least of affected.since); {key}.
-- Gives: the sessions of affected keys that had not ended at their first new event, and all new events: number (the rowid
-- of affected), start_at, end_at (of the last event), is_new; in any order.
SELECT a.rowid::BIGINT AS number, x.started_at::BIGINT AS start_at, x.last_event_at::BIGINT AS end_at, false AS is_new
FROM {session} AS x
JOIN affected AS a ON a.key = {key}
WHERE x.ended_at >= $since AND x.ended_at >= a.since
UNION ALL
SELECT a.rowid::BIGINT, x.occurred_at::BIGINT, x.occurred_at::BIGINT, true
FROM {event} AS x
JOIN affected AS a ON a.key = {key}

-- name: stretches
-- Reads: affected, input_rows (number, restart_at, until_at). Takes: nothing.
-- Gives: stretch (key, restart_at, until_at), the times in which affected keys are metered again.
CREATE TEMP TABLE stretch AS
SELECT a.key, b.restart_at, b.until_at
FROM input_rows AS b
JOIN affected AS a ON a.rowid = b.number

-- name: first_restart
-- Reads: stretch. Takes: nothing. Gives: the earliest restart, µs UTC, one row.
SELECT min(restart_at)::BIGINT FROM stretch

-- name: sessions_in_stretches
-- Reads: session, touchpoint, start_in_stretch (started_at). Takes: {session}.
-- Gives: its rows that start when a session of a stretch does, in any order.
SELECT * FROM {session} WHERE started_at IN (SELECT started_at FROM start_in_stretch)

-- name: old_session
-- Reads: session, touchpoint, stretch. Takes: $restart (the earliest restart); {sessions}, {session} or
-- sessions_in_stretches; {key} and its tables.
-- Gives: old_session, the stored sessions of the stretches; `stretch` is the rowid of theirs, `stands` false.
CREATE TEMP TABLE old_session AS
SELECT x.*, r.rowid AS stretch, false AS stands
FROM {sessions} AS x
JOIN stretch AS r ON r.key = {key}
WHERE x.started_at >= $restart AND x.started_at >= r.restart_at AND x.started_at < r.until_at

-- name: new_in_stretch
-- Reads: new_event, touchpoint, stretch. Takes: {key} and its tables.
-- Gives: new_in_stretch (stretch, occurred_at), one row per new event.
CREATE TEMP TABLE new_in_stretch AS
SELECT r.rowid AS stretch, x.occurred_at
FROM {new_event} AS x
JOIN stretch AS r ON r.key = {key}
WHERE x.occurred_at >= r.restart_at AND x.occurred_at < r.until_at

-- name: first_that_counts
-- Reads: old_session, new_in_stretch. Takes: nothing. Changes: each stretch starts with a session that counts or a new
-- event. A replaced session can have started within one that had ended at the first new event.
UPDATE stretch SET restart_at = f.started_at
FROM (
    SELECT stretch, min(started_at) AS started_at
    FROM (
        SELECT stretch, started_at FROM old_session
        UNION ALL
        SELECT stretch, occurred_at FROM new_in_stretch
    )
    GROUP BY stretch
) AS f
WHERE stretch.rowid = f.stretch AND stretch.restart_at < f.started_at

-- name: nothing_stands
-- Gives: standing (stretch, session_id), the sessions that stand for their events, without any.
CREATE OR REPLACE TEMP TABLE standing (stretch BIGINT, session_id VARCHAR)

-- name: standing
-- Reads: old_session, new_in_stretch. Takes: nothing. Changes: adds to standing the sessions with new events of stretches
-- all of whose new events are within a session: its opening and all other sessions stay as they are.
INSERT INTO standing
SELECT n.stretch, unnest(list_distinct(list(o.session_id)))
FROM new_in_stretch AS n
ASOF LEFT JOIN old_session AS o ON o.stretch = n.stretch AND o.started_at < n.occurred_at
GROUP BY n.stretch
HAVING bool_and(coalesce(n.occurred_at < o.ended_at, false))

-- name: standing_count
-- Reads: standing. Takes: nothing. Gives: the number of sessions that stand, one row.
SELECT count(*)::BIGINT FROM standing

-- name: mark_standing
-- Reads: standing. Takes: nothing. Changes: `stands` of old_session.
UPDATE old_session SET stands = true WHERE session_id IN (SELECT session_id FROM standing)

-- name: keep_standing
-- Reads: standing. Takes: nothing. Changes: deletes the sessions beside those that stand from old_session.
DELETE FROM old_session WHERE NOT stands AND stretch IN (SELECT stretch FROM standing)

-- name: old_participation
-- Reads: participation, old_session. Takes: $restart (the earliest restart). Gives: old_participation, their parts.
CREATE TEMP TABLE old_participation AS
SELECT session_id, started_at, conversation_id, touchpoint, event_count FROM participation
WHERE started_at >= $restart AND session_id IN (SELECT session_id FROM old_session)

-- name: old_events
-- Reads: event, touchpoint, stretch, standing. Takes: $restart (the earliest restart); {rows}, {event} or
-- events_without_ids; {key} and its tables; {meter_columns}.
-- Gives: the stored events to meter again, where no session stands for them, in the columns of METER_SCHEMA, one row per
-- event, in any order.
SELECT {meter_columns}
FROM {rows} AS x
JOIN (SELECT * FROM stretch WHERE rowid NOT IN (SELECT stretch FROM standing)) AS r ON r.key = {key}
WHERE x.occurred_at >= $restart AND x.occurred_at >= r.restart_at AND x.occurred_at < r.until_at

-- name: events_without_ids
-- Reads: event, touchpoint. Takes: {event}. Gives: its rows, whose ids are empty, in any order.
SELECT * REPLACE ('' AS event_id) FROM {event}

-- name: old_events_at
-- Reads: input_rows (occurred_at). Takes: {old}, the query old_events with ids, and its values.
-- Gives: its rows of these instants, in any order.
SELECT * FROM ({old}) WHERE occurred_at IN (SELECT occurred_at FROM input_rows)

-- name: old_openings
-- Reads: old_session. Takes: nothing. Gives: (occurred_at, event_id) of their openings, in any order.
SELECT started_at::BIGINT AS occurred_at, opening_event_id::VARCHAR AS event_id FROM old_session

-- name: new_events
-- Reads: new_event. Takes: {meter_columns}. Gives: its rows in the columns of METER_SCHEMA, in any order.
SELECT {meter_columns}
FROM new_event AS x

-- name: stored_and_new
-- Takes: {stored} and {new}, queries of the same columns. Gives: the rows of both, in any order.
SELECT * FROM ({stored})
UNION ALL
SELECT * FROM ({new})

-- name: in_order
-- Reads: touchpoint. Takes: {events}, a query in the columns of METER_SCHEMA, and its values; $kind_ranks
-- (domain.event.KIND_RANK); {key} and its tables; {meter_columns}.
-- Gives: its rows, one scope key's after another's, each in the order of the kernel.
WITH input_rows AS (SELECT * FROM ({events})),
keyed AS (
    SELECT x.*, {key} AS key FROM {input_rows} AS x
)
SELECT {meter_columns}
FROM keyed AS x
ORDER BY x.key, x.occurred_at, ($kind_ranks::INTEGER[])[x.kind + 1], x.event_id, x.source

-- name: changed_session
-- Reads: old_session, metered_session. Takes: nothing.
-- Gives: changed_session (session_id, has_other_parts), the sessions whose row is in one of both alone, or differs.
-- A footprint follows from the parts, what an id is made of from the id.
CREATE TEMP TABLE changed_session AS
SELECT session_id, (o.started_at, o.preview) IS DISTINCT FROM (m.started_at, m.preview) AS has_other_parts
FROM old_session AS o
FULL JOIN metered_session AS m USING (session_id)
WHERE (o.ended_at, o.last_event_at, o.event_count, o.customer_id, o.conversation_id)
    IS DISTINCT FROM (m.ended_at, m.last_event_at, m.event_count, m.customer_id, m.conversation_id)
    OR (o.policy, o.opening_touchpoint, o.started_at, o.closed_by, o.preview)
    IS DISTINCT FROM (m.policy, m.opening_touchpoint, m.started_at, m.closed_by, m.preview)

-- name: changed_parts
-- Reads: old_participation, metered_participation. Takes: nothing.
-- Changes: adds the sessions of which a part differs to changed_session, some a second time.
INSERT INTO changed_session
SELECT session_id, bool_or(o.event_count IS NULL OR m.event_count IS NULL)
FROM old_participation AS o
FULL JOIN metered_participation AS m USING (session_id, conversation_id, touchpoint)
WHERE o.event_count IS DISTINCT FROM m.event_count
GROUP BY session_id

-- name: other_parts
-- Reads: changed_session. Takes: nothing. Gives: other_parts (session_id), those with other parts than are stored: what
-- counts of a conversation depends on parts, not on their numbers of events.
CREATE TEMP TABLE other_parts AS
SELECT DISTINCT session_id FROM changed_session WHERE has_other_parts

-- name: changed_rows
-- Reads: {table}, changed_session, other_parts. Takes: {table} of metered rows, $piece.
-- Gives: the rows of that piece of changed sessions, in order of their session's row.
SELECT * EXCLUDE (piece), session_id IN (SELECT session_id FROM other_parts) AS has_other_parts
FROM {table}
WHERE piece = $piece AND session_id IN (SELECT session_id FROM changed_session)
ORDER BY session_row

-- name: removed_rows
-- Reads: old_session, changed_session. Takes: nothing.
-- Gives: the rows of session_replaced for stored sessions that changed, in any order.
SELECT bucket::INTEGER AS bucket, session_id::VARCHAR AS session_id, started_at::BIGINT AS started_at
FROM old_session
WHERE session_id IN (SELECT session_id FROM changed_session)

-- name: removed_parts
-- Reads: old_session, other_parts. Takes: nothing.
-- Gives: the stored sessions whose parts no longer count, in any order.
SELECT session_id::VARCHAR AS session_id
FROM old_session
WHERE session_id IN (SELECT session_id FROM other_parts)

-- name: removed_days
-- Reads: old_participation, other_parts. Takes: nothing.
-- Gives: (day since 1970, conversation_id), once each, in any order, of these parts.
SELECT DISTINCT (started_at // 86400000000)::INTEGER AS day, conversation_id::VARCHAR AS conversation_id
FROM old_participation
WHERE session_id IN (SELECT session_id FROM other_parts)

-- name: removed_usage
-- Reads: old_session, changed_session. Takes: nothing.
-- Gives: (day since 1970, footprint, opening_touchpoint, preview, number of stored sessions that changed), in any order.
SELECT (started_at // 86400000000)::INTEGER, footprint::INTEGER, opening_touchpoint::INTEGER, preview::BOOLEAN, count(*)::BIGINT
FROM old_session
WHERE session_id IN (SELECT session_id FROM changed_session)
GROUP BY ALL
ORDER BY ALL

-- name: new_spans
-- Reads: new_event. Takes: nothing. Gives: one row per conversation, in any order.
SELECT
    conversation_id::VARCHAR AS conversation_id, min(occurred_at) FILTER (WHERE kind = 1)::BIGINT AS created_at,
    min(occurred_at)::BIGINT AS first_event_at, max(occurred_at)::BIGINT AS last_event_at
FROM new_event
GROUP BY conversation_id

-- name: new_tickets
-- Reads: new_event. Takes: nothing. Gives: one row per conversation × ticket × type, in any order.
SELECT DISTINCT
    conversation_id::VARCHAR AS conversation_id, ticket_id::VARCHAR AS ticket_id, ticket_type::VARCHAR AS ticket_type
FROM new_event
WHERE ticket_id IS NOT NULL

-- name: new_bot_names
-- Reads: new_event, touchpoint. Takes: nothing.
-- Gives: (bot_id, bot_name, named_at) of each bot's latest event with a name, of several at one instant the greatest.
SELECT
    p.bot_id::VARCHAR, arg_max(e.bot_name, (e.occurred_at, e.bot_name))::VARCHAR, max(e.occurred_at)::BIGINT
FROM new_event AS e
JOIN touchpoint AS p USING (touchpoint)
WHERE e.bot_name IS NOT NULL AND p.bot_id IS NOT NULL
GROUP BY p.bot_id
ORDER BY p.bot_id
