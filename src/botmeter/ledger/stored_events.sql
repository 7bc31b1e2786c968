-- name: known_places
-- Reads: event, arrival, input_rows (event_key). Takes: $first, $last (µs UTC).
-- Gives: (place, event_key), the rows of event with these keys between these instants; the place is null
-- for those in arrival. Only two columns of integers are read.
SELECT rowid::BIGINT AS place, event_key::UBIGINT AS event_key
FROM event
WHERE occurred_at >= $first AND occurred_at <= $last AND event_key IN (SELECT event_key FROM input_rows)
UNION ALL
SELECT NULL, event_key
FROM arrival
WHERE event_key IN (SELECT event_key FROM input_rows)
ORDER BY ALL

-- name: stored_events
-- Reads: event, arrival, touchpoint, input_rows (row, event_key, source, event_id). Takes: $places (rows of event).
-- Gives: each stored event with the identity of an input row, and that one's row, in any order. The customer is the
-- one that was sent. An erased event is found by its key alone, as its id and content are erased.
WITH found AS MATERIALIZED (
    SELECT * FROM event WHERE rowid IN (SELECT unnest($places::BIGINT[]))
    UNION ALL
    SELECT * EXCLUDE (received_at), false, false, false FROM arrival WHERE event_key IN (SELECT event_key FROM input_rows)
)
SELECT
    g.row::BIGINT AS row, f.occurred_at::BIGINT AS occurred_at, f.conversation_id::VARCHAR AS conversation_id,
    coalesce(f.sent_customer_id, f.customer_id)::VARCHAR AS customer_id, f.actor::UTINYINT AS actor,
    f.kind::UTINYINT AS kind, t.bot_id::VARCHAR AS bot_id, f.bot_name::VARCHAR AS bot_name,
    t.bot_version::VARCHAR AS bot_version, t.channel::VARCHAR AS channel, f.ticket_id::VARCHAR AS ticket_id,
    f.ticket_type::VARCHAR AS ticket_type, f.preview::BOOLEAN AS preview, f.attributes::VARCHAR AS attributes,
    f.is_pulled::BOOLEAN AS is_pulled, f.is_erased::BOOLEAN AS is_erased,
    f.is_conversation_erased::BOOLEAN AS is_conversation_erased
FROM found AS f
JOIN input_rows AS g ON g.event_key = f.event_key
JOIN touchpoint AS t ON t.touchpoint = f.touchpoint
WHERE (f.source = g.source AND f.event_id = g.event_id) OR f.is_erased
