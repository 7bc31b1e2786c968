-- Reads: erased_conversation. Takes: nothing.
-- Gives: conversation_ticket without the customer's conversations; what the events say now is put back after it.
DELETE FROM conversation_ticket WHERE conversation_id IN (SELECT conversation_id FROM erased_conversation)
