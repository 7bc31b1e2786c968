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
