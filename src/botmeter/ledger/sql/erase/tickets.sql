-- Reads: event, erased_conversation. Takes: nothing. Gives: conversation_ticket as the events say now.
DELETE FROM conversation_ticket WHERE conversation_id IN (SELECT conversation_id FROM erased_conversation)
