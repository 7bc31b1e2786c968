-- name: keep_events
-- Reads: given. Takes: $append_no, $is_pulled. Changes: adds the given events to event, in order.
INSERT INTO event
SELECT
    event_key, source, event_id, occurred_at, conversation_id, customer_id, actor, kind,
    touchpoint, bot_name, ticket_id, ticket_type, preview, attributes, $append_no, NULL, $is_pulled, false, false
FROM given
