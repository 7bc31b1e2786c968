-- Reads: erased_event, erased_conversation. Takes: nothing.
-- Gives: (source, id) of each event that is erased, and (null, id) of each conversation.
SELECT source::VARCHAR, event_id::VARCHAR FROM erased_event
UNION ALL
SELECT NULL, conversation_id::VARCHAR FROM erased_conversation
ORDER BY ALL
