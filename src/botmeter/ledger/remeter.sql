-- name: commit
-- Reads: event. Takes: $append_no (the first of this commit).
-- Gives: the number of its events, their first and last instant (µs UTC, null: none), and those with a ticket; one row.
SELECT count(*)::BIGINT, min(occurred_at)::BIGINT, max(occurred_at)::BIGINT, count(ticket_id)::BIGINT
FROM event
WHERE append_no >= $append_no

-- name: resolve_aliases
-- Reads: event, same_customer. Takes: $append_no (the first of this commit). Changes: puts the customer that counts
-- into these events, where an alias was sent.
UPDATE event
SET sent_customer_id = coalesce(event.sent_customer_id, s.sent_customer_id), customer_id = s.customer_id
FROM same_customer AS s
WHERE event.append_no >= $append_no AND event.customer_id = s.sent_customer_id

-- name: old_sessions_all
-- Reads: session. Takes: nothing. Gives: old_session, a copy of every session.
CREATE OR REPLACE TEMP TABLE old_session AS SELECT session_id, started_at, customer_id, conversation_id, opening_touchpoint FROM session

-- name: delete_all_sessions
-- Changes: session is empty.
DELETE FROM session

-- name: delete_all_participations
-- Changes: participation is empty.
DELETE FROM participation

-- name: stage_sessions
-- Takes: nothing. Gives: staged_session, an empty temporary table of the columns of session.
-- Declared, not copied by `AS SELECT … LIMIT 0`: DuckDB 2.0.0 finds no row in such a table if
-- more than a row group of Arrow data was inserted into it in the same transaction.
CREATE OR REPLACE TEMP TABLE staged_session (
    session_id UUID NOT NULL,
    policy INTEGER NOT NULL,
    customer_id VARCHAR NOT NULL,
    conversation_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    opening_event_id VARCHAR NOT NULL,
    opening_touchpoint INTEGER NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    last_event_at BIGINT NOT NULL,
    event_count INTEGER NOT NULL,
    closed_by UTINYINT NOT NULL,
    preview BOOLEAN NOT NULL,
    footprint INTEGER NOT NULL
)

-- name: stage_participations
-- Takes: nothing. Gives: staged_participation, an empty temporary table of the columns of participation.
-- Declared, not copied by `AS SELECT … LIMIT 0`: DuckDB 2.0.0 finds no row in such a table if
-- more than a row group of Arrow data was inserted into it in the same transaction.
CREATE OR REPLACE TEMP TABLE staged_participation (
    session_id UUID NOT NULL,
    started_at BIGINT NOT NULL,
    customer_id VARCHAR NOT NULL,
    conversation_id VARCHAR NOT NULL,
    touchpoint INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    preview BOOLEAN NOT NULL
)

-- name: insert_staged_sessions
-- Reads: staged_session. Takes: nothing. Changes: adds these to session, in order of time.
INSERT INTO session
SELECT * FROM staged_session ORDER BY started_at

-- name: insert_staged_participations
-- Reads: staged_participation. Takes: nothing. Changes: adds these to participation, in order of time.
INSERT INTO participation
SELECT * FROM staged_participation ORDER BY started_at

-- name: drop_staged_sessions
-- Changes: staged_session is dropped, and its memory freed.
DROP TABLE staged_session

-- name: drop_staged_participations
-- Changes: staged_participation is dropped, and its memory freed.
DROP TABLE staged_participation

-- name: balance
-- Reads: session, session_usage. Takes: nothing.
-- Gives: the number of stored sessions, and the sum of the usage, one row.
SELECT
    (SELECT count(*) FROM session)::BIGINT,
    (SELECT coalesce(sum(session_count), 0) FROM session_usage)::BIGINT

-- name: affected
-- Reads: event, touchpoint. Takes: $append_no (the first of this commit); {key} and its tables.
-- Gives: affected (key, since, last_at), one row per scope key with a new event; since and last_at: its first and last
-- one, µs UTC.
CREATE OR REPLACE TEMP TABLE affected AS
SELECT {key} AS key, min(x.occurred_at) AS since, max(x.occurred_at) AS last_at
FROM {event} AS x
WHERE x.append_no >= $append_no
GROUP BY 1

-- name: restart
-- Reads: affected, session, touchpoint. Takes: $since and $until (bounds of affected.since); $can_stand; {key}.
-- Gives: restart (key, restart_at, stands), the instant from which each affected key is metered again: the start of the
-- session that was open at its first new event, else that event. stands: if any session can stand for its events, this
-- one does, as it was open at all new events of the key.
CREATE OR REPLACE TEMP TABLE restart AS
WITH running AS (
    SELECT a.key, max(x.started_at) AS started_at, max(x.ended_at) AS ended_at
    FROM {session} AS x
    JOIN affected AS a ON a.key = {key}
    WHERE x.ended_at >= $since AND x.started_at < $until AND x.started_at < a.since AND x.ended_at >= a.since
    GROUP BY a.key
)
SELECT a.key, coalesce(r.started_at, a.since)::BIGINT AS restart_at,
    $can_stand AND coalesce(a.last_at < r.ended_at, false) AS stands
FROM affected AS a
LEFT JOIN running AS r ON r.key = a.key

-- name: restart_whole
-- Reads: affected. Takes: nothing.
-- Gives: restart (key, restart_at, stands) that meters each affected key from its very first event again.
CREATE OR REPLACE TEMP TABLE restart AS
SELECT key, (-4611686018427387904)::BIGINT AS restart_at, false AS stands FROM affected

-- name: affected_before
-- Reads: event, touchpoint, customer_move. Takes: {key} and its tables.
-- Gives: affected (key), the scope keys of the events that change customer, before the change.
CREATE OR REPLACE TEMP TABLE affected AS
SELECT DISTINCT {key} AS key
FROM {event} AS x
WHERE coalesce(x.sent_customer_id, x.customer_id) IN (SELECT sent_customer_id FROM customer_move)

-- name: move_events
-- Reads: event, customer_move. Takes: nothing. Changes: puts the new customers into event. Gives: the number of changed
-- events, one row.
UPDATE event
SET customer_id = m.after_id, sent_customer_id = nullif(m.sent_customer_id, m.after_id)
FROM customer_move AS m
WHERE coalesce(event.sent_customer_id, event.customer_id) = m.sent_customer_id

-- name: affected_after
-- Reads: event, touchpoint, customer_move, affected. Takes: {key} and its tables. Changes: adds the scope keys of the
-- same events after the change to affected.
INSERT INTO affected
SELECT DISTINCT {key} AS key
FROM {event} AS x
WHERE coalesce(x.sent_customer_id, x.customer_id) IN (SELECT sent_customer_id FROM customer_move)
    AND {key} NOT IN (SELECT key FROM affected)

-- name: affected_count
-- Reads: event, touchpoint, affected. Takes: {key} and its tables.
-- Gives: the number of events of the affected keys, one row.
SELECT count(*)::BIGINT
FROM {event} AS x
WHERE {key} IN (SELECT key FROM affected)

-- name: removed
-- Reads: event. Takes: $append_nos. Gives: of their events as `commit`: number, first and last instant, those with a
-- ticket; one row.
SELECT count(*)::BIGINT, min(occurred_at)::BIGINT, max(occurred_at)::BIGINT, count(ticket_id)::BIGINT
FROM event
WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))

-- name: affected_by_removal
-- Reads: event, touchpoint. Takes: $append_nos; {key} and its tables.
-- Gives: affected (key, since, last_at), one row per scope key with an event of these; since and last_at: its first and
-- last one, µs UTC.
CREATE OR REPLACE TEMP TABLE affected AS
SELECT {key} AS key, min(x.occurred_at) AS since, max(x.occurred_at) AS last_at
FROM {event} AS x
WHERE x.append_no IN (SELECT unnest($append_nos::INTEGER[]))
GROUP BY 1

-- name: delete_events
-- Takes: $append_nos. Changes: deletes their events from event.
DELETE FROM event WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))

-- name: affected_by_tickets
-- Reads: event, touchpoint, affected, removed_conversation. Takes: {key} and its tables.
-- Gives: affected with the keys of all conversations that lost a ticket, which are metered from their very first event
-- again: any session of such a conversation can have counted the ticket.
CREATE OR REPLACE TEMP TABLE affected AS
SELECT key, min(since) AS since, max(last_at) AS last_at
FROM (
    SELECT key, since, last_at FROM affected
    UNION ALL
    SELECT {key}, -4611686018427387904, NULL
    FROM {event} AS x
    WHERE x.conversation_id IN (SELECT conversation_id FROM removed_conversation WHERE has_ticket)
)
GROUP BY key

-- name: restart_bounds
-- Reads: restart. Takes: nothing.
-- Gives: the earliest restart, the earliest of keys without a session that stands (null: none), µs UTC, and whether any
-- session stands; one row.
SELECT min(restart_at)::BIGINT, min(restart_at) FILTER (WHERE NOT stands)::BIGINT, bool_or(stands)::BOOLEAN FROM restart

-- name: old_sessions
-- Reads: session, touchpoint, restart. Takes: $restart (the earliest); {key}.
-- Gives: old_session, a copy of the sessions to meter again; of those that stand for their events, also what metering
-- needs of these.
CREATE OR REPLACE TEMP TABLE old_session AS
SELECT
    x.session_id, x.started_at, x.customer_id, x.conversation_id, x.opening_touchpoint, r.stands,
    CASE WHEN r.stands THEN x.source END AS source,
    CASE WHEN r.stands THEN x.opening_event_id END AS opening_event_id,
    x.last_event_at, x.event_count, x.preview
FROM {session} AS x
JOIN restart AS r ON r.key = {key}
WHERE x.started_at >= $restart AND x.started_at >= r.restart_at AND (NOT r.stands OR x.started_at = r.restart_at)

-- name: old_starts
-- Reads: old_session. Takes: nothing. Gives: the first and last start of these sessions (µs UTC), in any order; no row
-- without any.
SELECT unnest([min(started_at), max(started_at)])::BIGINT AS started_at FROM old_session HAVING count(*) > 0

-- name: old_participations
-- Reads: participation, old_session. Takes: $restart (the earliest restart).
-- Gives: old_participation, the parts of the sessions to meter again.
CREATE OR REPLACE TEMP TABLE old_participation AS
SELECT x.session_id, x.started_at, x.conversation_id, x.touchpoint, x.preview, x.event_count
FROM participation AS x
WHERE x.started_at >= $restart AND x.session_id IN (SELECT session_id FROM old_session)

-- name: delete_sessions
-- Reads: old_session. Takes: $restart (the earliest restart). Changes: deletes them from session.
DELETE FROM session
WHERE started_at >= $restart AND session_id IN (SELECT session_id FROM old_session)

-- name: delete_participations
-- Reads: old_session. Takes: $restart (the earliest restart). Changes: deletes theirs from participation.
DELETE FROM participation
WHERE started_at >= $restart AND session_id IN (SELECT session_id FROM old_session)

-- name: restarted
-- Reads: event, touchpoint, restart. Takes: {key}.
-- Gives: the events to meter again of keys without a session that stands, one row per event, in any order.
SELECT x.*
FROM {event} AS x
JOIN restart AS r ON r.key = {key}
WHERE NOT r.stands AND x.occurred_at >= r.restart_at

-- name: restarted_count
-- Reads: {restarted}, the query `restarted`. Takes: $start (the earliest restart). Gives: the number of its rows, one row.
SELECT count(*)::BIGINT FROM {restarted} AS x WHERE x.occurred_at >= $start

-- name: rows_to_meter
-- Reads: event, touchpoint, restart. Takes: $others (the earliest restart of keys without a session that stands),
-- $append_no (the first of this commit); {key}.
-- Gives: row_to_meter (row_id), the earlier rows of event of these keys to meter again. Beside standing sessions they are
-- few, and reading all columns of all rows takes twice as long as the key alone. Without rows of this transaction, which
-- DuckDB 2.0 has read beyond when they were found by rowid.
CREATE OR REPLACE TEMP TABLE row_to_meter AS
SELECT x.row_id
FROM {event_rows} AS x
JOIN restart AS r ON r.key = {key}
WHERE x.occurred_at >= $others AND x.append_no < $append_no AND NOT r.stands AND x.occurred_at >= r.restart_at

-- name: earlier_beside_standing
-- Reads: old_session, row_to_meter, event. Takes: {openings}, the query standing_openings.
-- Gives: the earlier rows to meter again, and these openings, in the columns of METER_SCHEMA without attributes, one row
-- per event, in any order.
SELECT
    source::VARCHAR AS source, event_id::VARCHAR AS event_id, occurred_at::BIGINT AS occurred_at,
    conversation_id::VARCHAR AS conversation_id, customer_id::VARCHAR AS customer_id, actor::UTINYINT AS actor,
    kind::UTINYINT AS kind, touchpoint::INTEGER AS touchpoint, preview::BOOLEAN AS preview, NULL::VARCHAR AS attributes
FROM event
WHERE rowid IN (SELECT row_id FROM row_to_meter)
UNION ALL
SELECT * FROM ({openings})

-- name: standing_openings
-- Reads: old_session. Takes: nothing.
-- Gives: the openings of the sessions that stand, which are messages of customers, in the columns of METER_SCHEMA without
-- attributes, in any order.
SELECT
    source::VARCHAR AS source, opening_event_id::VARCHAR AS event_id, started_at::BIGINT AS occurred_at,
    conversation_id::VARCHAR AS conversation_id, customer_id::VARCHAR AS customer_id, 0::UTINYINT AS actor,
    0::UTINYINT AS kind, opening_touchpoint::INTEGER AS touchpoint, preview::BOOLEAN AS preview,
    NULL::VARCHAR AS attributes
FROM old_session
WHERE stands

-- name: events_of_commit
-- Reads: event. Takes: $append_no (the first of this commit); {meter_columns}.
-- Gives: its events, in the columns of METER_SCHEMA, one row per event, in any order.
SELECT {meter_columns}
FROM event AS x
WHERE x.append_no >= $append_no

-- name: standing_counts
-- Reads: old_session. Takes: nothing.
-- Gives: (session_id, last_event_at, event_count) of the sessions that stand, in any order.
SELECT session_id::VARCHAR AS session_id, last_event_at::BIGINT AS last_event_at, event_count::INTEGER AS event_count
FROM old_session
WHERE stands

-- name: standing_parts
-- Reads: old_session, old_participation. Takes: nothing.
-- Gives: (session_id, conversation_id, touchpoint, event_count) of the parts of the sessions that stand, without their
-- openings, in any order.
SELECT p.session_id::VARCHAR AS session_id, p.conversation_id::VARCHAR AS conversation_id,
    p.touchpoint::INTEGER AS touchpoint,
    (p.event_count - (p.conversation_id = s.conversation_id AND p.touchpoint = s.opening_touchpoint)::INTEGER)::INTEGER
        AS event_count
FROM old_participation AS p
JOIN old_session AS s ON s.session_id = p.session_id
WHERE s.stands
