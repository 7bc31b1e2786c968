-- name: keep_events
-- Reads: given. Takes: $append_no, $is_pulled. Changes: event has the given events too, in the order of their rows.
INSERT INTO event
SELECT
    event_key, source, event_id, occurred_at, conversation_id, customer_id, actor, kind,
    touchpoint, bot_name, ticket_id, ticket_type, preview, attributes, $append_no, NULL, $is_pulled
FROM given
