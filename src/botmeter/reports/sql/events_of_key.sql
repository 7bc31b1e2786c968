-- Reads: event. Takes: $customer and $conversation (null: any), $touchpoints (null: all), $kind_ranks
-- (domain.event.KIND_RANK).
-- Gives: all events of a scope key, one row per event, in the columns of METER_SCHEMA and those that
-- an explanation shows; in the order in which the meter looks at them.
SELECT
    source::VARCHAR          AS source,
    event_id::VARCHAR        AS event_id,
    occurred_at::BIGINT      AS occurred_at,
    conversation_id::VARCHAR AS conversation_id,
    customer_id::VARCHAR     AS customer_id,
    actor::UTINYINT          AS actor,
    kind::UTINYINT           AS kind,
    touchpoint::INTEGER      AS touchpoint,
    preview::BOOLEAN         AS preview,
    attributes::VARCHAR      AS attributes,
    ticket_id::VARCHAR       AS ticket_id,
    append_no::INTEGER       AS append_no
FROM event
WHERE ($customer::VARCHAR IS NULL OR customer_id = $customer::VARCHAR)
    AND ($conversation::VARCHAR IS NULL OR conversation_id = $conversation::VARCHAR)
    AND ($touchpoints::INTEGER[] IS NULL OR list_contains($touchpoints::INTEGER[], touchpoint))
ORDER BY occurred_at, ($kind_ranks::INTEGER[])[kind + 1], event_id, source
