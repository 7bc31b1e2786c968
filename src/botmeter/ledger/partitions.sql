-- name: event_count
-- Reads: event. Takes: nothing. Gives: the number of rows, one row.
SELECT count(*)::BIGINT FROM event

-- name: events_of_partition
-- Reads: event, touchpoint. Takes: $partition, $partition_count; {key} and its tables; {attributes}.
-- Gives: the events of a partition of the keys, in the columns of METER_SCHEMA, one row per event, in any order.
SELECT
    x.source::VARCHAR AS source, x.event_id::VARCHAR AS event_id, x.occurred_at::BIGINT AS occurred_at,
    x.conversation_id::VARCHAR AS conversation_id, x.customer_id::VARCHAR AS customer_id,
    x.actor::UTINYINT AS actor, x.kind::UTINYINT AS kind, x.touchpoint::INTEGER AS touchpoint,
    x.preview::BOOLEAN AS preview, {attributes}::VARCHAR AS attributes
FROM {event} AS x
WHERE $partition_count::BIGINT = 1 OR hash({key}) % $partition_count::UBIGINT = $partition::UBIGINT

-- name: with_touchpoints
-- Reads: {table}, touchpoint. Takes: {touchpoint}, the column with the touchpoint's number.
-- Gives: the rows of the table with the bot and channel of that touchpoint, in any order.
SELECT t.*, p.bot_id, p.channel
FROM {table} AS t
JOIN touchpoint AS p ON p.touchpoint = t.{touchpoint}

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
-- Reads: input_rows (running sessions), touchpoint. Takes: {key} and its tables.
-- Gives: running_start (key, started_at), the start of the running session, one row per scope key with one.
CREATE OR REPLACE TEMP TABLE running_start AS
SELECT {key} AS key, min(x.started_at) AS started_at
FROM {input_rows} AS x
GROUP BY 1

-- name: rows_since_start
-- Reads: input_rows (row, and the events of a chunk before its boundary), touchpoint, running_start. Takes: {key} and its tables.
-- Gives: row of each event since the start of its key's running session, in any order.
SELECT x.row::BIGINT AS row
FROM {input_rows} AS x
JOIN running_start AS r ON r.key = {key}
WHERE x.occurred_at >= r.started_at
