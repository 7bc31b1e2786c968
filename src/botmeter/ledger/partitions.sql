-- name: event_count
-- Reads: event. Takes: nothing. Gives: the number of rows, one row.
SELECT count(*)::BIGINT FROM event

-- name: events_of_partition
-- Reads: event, touchpoint. Takes: $partition, $partition_count; {key} and its tables; {meter_columns}.
-- Gives: the events of a partition of the keys, in the columns of METER_SCHEMA, one row per event, in any order.
SELECT {meter_columns}
FROM {event} AS x
WHERE $partition_count::BIGINT = 1 OR hash({key}) % $partition_count::UBIGINT = $partition::UBIGINT

-- name: slice_bounds
-- Reads: {events}. Takes: $first (µs UTC), $fractions. Gives: instants (µs UTC) before which about these parts of the
-- events since then lie, one row; any will do.
SELECT approx_quantile(x.occurred_at, $fractions::FLOAT[])::BIGINT[]
FROM {events} AS x
WHERE x.occurred_at >= $first

-- name: events_of_slice
-- Reads: {events}. Takes: $start, $end (µs UTC); {meter_columns}.
-- Gives: the events of this half-open span, in the columns of METER_SCHEMA, one row per event, in any order.
SELECT {meter_columns}
FROM {events} AS x
WHERE x.occurred_at >= $start AND x.occurred_at < $end

-- name: with_touchpoints
-- Reads: {table}, touchpoint. Takes: {touchpoint}, the column with the touchpoint's number.
-- Gives: the rows of the table with the bot and channel of that touchpoint, in any order.
SELECT t.*, p.bot_id, p.channel
FROM {table} AS t
JOIN touchpoint AS p ON p.touchpoint = t.{touchpoint}

-- name: numbered_events
-- Reads: event. Takes: nothing. Gives: its rows with their `row_id`, in any order.
SELECT *, rowid AS row_id FROM event

-- name: insert_sessions
-- Reads: input_rows. Takes: {table}. Changes: adds the metered sessions to that table.
INSERT INTO {table}
SELECT
    session_id::UUID, policy, customer_id, conversation_id, source, opening_event_id, opening_touchpoint,
    started_at, coalesce(ended_at, 4611686018427387904), last_event_at, event_count, closed_by, preview, footprint
FROM input_rows

-- name: insert_participations
-- Reads: input_rows. Takes: {table}. Changes: adds the metered participations to that table.
INSERT INTO {table}
SELECT session_id::UUID, started_at, customer_id, conversation_id, touchpoint, event_count, preview
FROM input_rows

-- name: starts
-- Reads: input_rows (running sessions, with bot and channel where the key needs them). Takes: {key}.
-- Gives: running_start (key, started_at), the start of the running session, one row per scope key with one.
CREATE OR REPLACE TEMP TABLE running_start AS
SELECT {key} AS key, min(x.started_at) AS started_at
FROM input_rows AS x
GROUP BY 1

-- name: rows_since_start
-- Reads: input_rows (row, and the events of a chunk before its boundary, as in `starts`), running_start. Takes: {key}.
-- Gives: row of each event since the start of its key's running session, in any order.
SELECT x.row::BIGINT AS row
FROM input_rows AS x
JOIN running_start AS r ON r.key = {key}
WHERE x.occurred_at >= r.started_at

-- name: new_events
-- Reads: event, touchpoint. Takes: $append_no (the first of this commit), $limit; {key} and its tables; {meter_columns}.
-- Gives: the events of this commit with their scope keys: the columns of METER_SCHEMA, and those that the other tables
-- are derived from; one row per event, in any order.
SELECT
    {meter_columns}, x.append_no::INTEGER AS append_no,
    x.bot_name::VARCHAR AS bot_name, x.ticket_id::VARCHAR AS ticket_id, x.ticket_type::VARCHAR AS ticket_type,
    {key}::VARCHAR AS key, hash(x.conversation_id)::UBIGINT AS conversation_key
FROM {event} AS x
WHERE x.append_no >= $append_no
LIMIT $limit

-- name: running_bounds
-- Reads: session. Takes: $from (µs UTC).
-- Gives: the number of sessions that had not ended by then, and the earliest start of them (µs UTC, null: none), one row.
SELECT count(*)::BIGINT, min(started_at)::BIGINT FROM session WHERE ended_at >= $from

-- name: running
-- Reads: session, event, touchpoint. Takes: $from, $earliest (their earliest start, µs UTC); {key} and its tables;
-- {attributes}.
-- Gives: the sessions that had not ended by then: the scope key, the session, and its opening event in the columns of
-- METER_SCHEMA; one row per session, ascending by start.
SELECT
    {key}::VARCHAR AS key, s.session_id::VARCHAR, s.started_at::BIGINT, s.ended_at::BIGINT, s.last_event_at::BIGINT,
    s.event_count::INTEGER, s.footprint::INTEGER, x.source::VARCHAR, x.event_id::VARCHAR, x.occurred_at::BIGINT, x.conversation_id::VARCHAR,
    x.customer_id::VARCHAR, x.actor::UTINYINT, x.kind::UTINYINT, x.touchpoint::INTEGER, x.preview::BOOLEAN,
    {attributes}::VARCHAR
FROM session AS s
JOIN {event} AS x ON x.occurred_at = s.started_at AND x.source = s.source AND x.event_id = s.opening_event_id
WHERE s.ended_at >= $from AND s.started_at >= $earliest AND x.occurred_at >= $earliest
ORDER BY s.started_at, s.session_id

-- name: running_parts
-- Reads: session, participation. Takes: $from, $earliest, as `running`.
-- Gives: (session_id, conversation_id, touchpoint, event_count) of sessions that had not ended by then, in any order.
SELECT session_id::VARCHAR, conversation_id::VARCHAR, touchpoint::INTEGER, event_count::INTEGER
FROM participation
WHERE started_at >= $earliest
    AND session_id IN (SELECT session_id FROM session WHERE ended_at >= $from AND started_at >= $earliest)

-- name: last_events
-- Reads: event, touchpoint. Takes: $from (µs UTC), $append_no; {key} and its tables.
-- Gives: (key, instant) of the last event of each scope key since then, of earlier appends, in any order.
SELECT {key}::VARCHAR AS key, max(x.occurred_at)::BIGINT
FROM {event} AS x
WHERE x.occurred_at >= $from AND x.append_no < $append_no
GROUP BY 1

-- name: late_sessions
-- Reads: session, touchpoint, input_rows (late_key, start_at). Takes: $first (the least start_at, µs UTC); {key} and its
-- tables.
-- Gives: the sessions of each of these scope keys that had not ended by its start_at: the key, and what is counted of the
-- session; one row per session, in any order.
SELECT
    i.late_key::VARCHAR, x.session_id::VARCHAR, x.started_at::BIGINT, x.opening_touchpoint::INTEGER, x.preview::BOOLEAN,
    x.footprint::INTEGER
FROM {session} AS x
JOIN input_rows AS i ON i.late_key = {key}
WHERE x.ended_at >= $first AND x.ended_at >= i.start_at

-- name: late_parts
-- Reads: participation, input_rows (session_id). Takes: $first, $last (starts of these sessions, µs UTC).
-- Gives: (session_id, conversation_id, touchpoint) of their parts, in any order.
SELECT session_id::VARCHAR, conversation_id::VARCHAR, touchpoint::INTEGER
FROM participation
WHERE started_at >= $first AND started_at <= $last AND session_id IN (SELECT session_id::UUID FROM input_rows)

-- name: late_events
-- Reads: event, touchpoint, input_rows (late_key, start_at). Takes: $first (the least start_at, µs UTC), $append_no (the
-- first of this commit), $limit; {key} and its tables; {meter_columns}.
-- Gives: the events of each of these scope keys since its start_at, of earlier appends, in the columns of `new_events`,
-- without names and tickets; one row per event, in any order. Their rows are found first, and only then read.
WITH matched AS MATERIALIZED (
    SELECT x.row_id, i.late_key
    FROM {event_rows} AS x
    JOIN input_rows AS i ON i.late_key = {key}
    WHERE x.occurred_at >= $first AND x.append_no < $append_no AND x.occurred_at >= i.start_at
)
SELECT
    {meter_columns}, x.append_no::INTEGER AS append_no,
    NULL::VARCHAR AS bot_name, NULL::VARCHAR AS ticket_id, NULL::VARCHAR AS ticket_type,
    m.late_key::VARCHAR AS key, hash(x.conversation_id)::UBIGINT AS conversation_key
FROM event AS x
JOIN matched AS m ON m.row_id = x.rowid
WHERE x.rowid IN (SELECT row_id FROM matched)
LIMIT $limit

-- name: delete_sessions
-- Reads: input_rows (session_id). Takes: $first, $last (their starts, µs UTC). Changes: deletes them from session. Gives:
-- the number of deleted rows, one row.
DELETE FROM session
WHERE started_at >= $first AND started_at <= $last AND session_id IN (SELECT session_id::UUID FROM input_rows)

-- name: delete_participations
-- Reads: input_rows (session_id). Takes: $first, $last (starts of these sessions, µs UTC). Changes: deletes their rows from
-- participation. Gives: the number of deleted rows, one row.
DELETE FROM participation
WHERE started_at >= $first AND started_at <= $last AND session_id IN (SELECT session_id::UUID FROM input_rows)
