-- name: insert_events
-- Reads: input_rows. Takes: nothing. Changes: adds these events to event, in order.
INSERT INTO event
SELECT
    event_key, source, event_id, occurred_at, conversation_id, customer_id, actor, kind,
    touchpoint, bot_name, ticket_id, ticket_type, preview, attributes, append_no, NULL, is_pulled, false, false
FROM input_rows

-- name: set_retry_of
-- Takes: $append_no, $retry_of (an import's). Changes: the receipt says that its events were in that import's quarantine.
UPDATE receipt SET retry_of = $retry_of WHERE append_no = $append_no
