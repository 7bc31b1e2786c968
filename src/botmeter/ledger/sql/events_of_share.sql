-- Reads: event, touchpoint. Takes: $share, $shares; {key}.
-- Gives: the events of one share of the scope keys, in the columns of METER_SCHEMA, one row per event.
SELECT
    x.source::VARCHAR AS source, x.event_id::VARCHAR AS event_id, x.occurred_at::BIGINT AS occurred_at,
    x.conversation_id::VARCHAR AS conversation_id, x.customer_id::VARCHAR AS customer_id,
    x.actor::UTINYINT AS actor, x.kind::UTINYINT AS kind, x.touchpoint::INTEGER AS touchpoint,
    x.preview::BOOLEAN AS preview, {attributes}::VARCHAR AS attributes
FROM {event} AS x
WHERE hash({key}) % $shares::UBIGINT = $share::UBIGINT
