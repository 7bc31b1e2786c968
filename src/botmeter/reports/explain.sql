-- name: events_of_key
-- Reads: event. Takes: $customer and $conversation (null: any), $touchpoints (null: all), $kind_ranks
-- (domain.event.KIND_RANK).
-- Gives: all events of a scope key, one row per event, with the columns of METER_SCHEMA and of an explanation;
-- in the meter's order.
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

-- name: tickets_of_session
-- Reads: session_ticket. Takes: $session_id, $day_on (on which it started).
-- Gives: conversation, ticket and type, one row each; by all three.
SELECT
    conversation_id::VARCHAR AS conversation_id,
    ticket_id::VARCHAR       AS ticket_id,
    ticket_type::VARCHAR     AS ticket_type
FROM session_ticket
WHERE session_id = $session_id::UUID AND day = $day_on::DATE
ORDER BY ALL

-- name: receipts_of
-- Reads: receipt. Takes: $append_nos.
-- Gives: the submissions: number, time of recording (µs UTC), source, label; by number.
SELECT
    append_no::INTEGER  AS append_no,
    recorded_at::BIGINT AS recorded_at,
    source::VARCHAR     AS source,
    label::VARCHAR      AS label
FROM receipt
WHERE list_contains($append_nos::INTEGER[], append_no)
ORDER BY append_no
