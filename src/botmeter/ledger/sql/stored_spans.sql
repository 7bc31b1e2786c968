-- Reads: conversation_span. Takes: nothing. Gives: stored_conversation_span, what its rows add up to.
CREATE OR REPLACE TEMP TABLE stored_conversation_span AS
SELECT
    conversation_id, min(created_at) AS created_at, min(first_event_at) AS first_event_at,
    max(last_event_at) AS last_event_at
FROM conversation_span
GROUP BY conversation_id
