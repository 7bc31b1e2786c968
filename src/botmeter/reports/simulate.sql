-- name: event_count
-- Reads: event. Gives: one row, the number of stored events.
SELECT count(*)::BIGINT AS event_count
FROM event

-- name: events_to_simulate
-- Reads: event. Takes: $key (customer, conversation or none), $part and $parts, $with_attributes.
-- Gives: all events of one part of the keys, one row per event in the columns of METER_SCHEMA, in any
-- order.
SELECT
    source::VARCHAR                                                         AS source,
    event_id::VARCHAR                                                       AS event_id,
    occurred_at::BIGINT                                                     AS occurred_at,
    conversation_id::VARCHAR                                                AS conversation_id,
    customer_id::VARCHAR                                                    AS customer_id,
    actor::UTINYINT                                                         AS actor,
    kind::UTINYINT                                                          AS kind,
    touchpoint::INTEGER                                                     AS touchpoint,
    preview::BOOLEAN                                                        AS preview,
    CASE WHEN $with_attributes::BOOLEAN THEN attributes END::VARCHAR        AS attributes
FROM event
WHERE $parts::BIGINT = 1
    OR hash(
        CASE $key::VARCHAR WHEN 'customer' THEN customer_id WHEN 'conversation' THEN conversation_id END
    ) % $parts::UBIGINT = $part::UBIGINT
