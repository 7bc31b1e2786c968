-- name: insert_arrivals
-- Reads: input_rows. Takes: $now. Changes: adds these events to arrival, in order.
INSERT INTO arrival
SELECT
    event_key, source, event_id, occurred_at, conversation_id, customer_id, actor, kind,
    touchpoint, bot_name, ticket_id, ticket_type, preview, attributes, append_no, NULL, $now
FROM input_rows
