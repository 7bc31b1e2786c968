-- Reads: event, touchpoint, restart. Takes: $restart (the earliest); {key}.
-- Gives: the events to meter again, in the columns of METER_SCHEMA, one row per event.
SELECT
    x.source::VARCHAR AS source, x.event_id::VARCHAR AS event_id, x.occurred_at::BIGINT AS occurred_at,
    x.conversation_id::VARCHAR AS conversation_id, x.customer_id::VARCHAR AS customer_id,
    x.actor::UTINYINT AS actor, x.kind::UTINYINT AS kind, x.touchpoint::INTEGER AS touchpoint,
    x.preview::BOOLEAN AS preview, {attributes}::VARCHAR AS attributes
FROM {event} AS x
JOIN restart AS r ON r.key = {key}
WHERE x.occurred_at >= $restart AND x.occurred_at >= r.restart_at
