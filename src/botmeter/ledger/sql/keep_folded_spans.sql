-- Reads: folded_span. Takes: nothing. Gives: its rows in conversation_span, those that still run last.
INSERT INTO conversation_span
SELECT conversation_id, created_at, first_event_at, last_event_at, hash(conversation_id)
FROM folded_span
ORDER BY last_event_at, conversation_id
