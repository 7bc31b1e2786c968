-- Reads: conversation_span. Takes: $conversation.
-- Gives: one row: its conversation_created event (null: none), its first and its last event (null: it is unknown); µs UTC.
SELECT
    min(created_at)::BIGINT     AS created_us,
    min(first_event_at)::BIGINT AS first_event_us,
    max(last_event_at)::BIGINT  AS last_event_us
FROM conversation_span
WHERE conversation_key = hash($conversation::VARCHAR) AND conversation_id = $conversation::VARCHAR
