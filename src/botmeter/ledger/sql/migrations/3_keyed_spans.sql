-- Reads: unkeyed_span. Gives: its rows in conversation_span, in their order.
INSERT INTO conversation_span
SELECT conversation_id, created_at, first_event_at, last_event_at, hash(conversation_id)
FROM unkeyed_span
