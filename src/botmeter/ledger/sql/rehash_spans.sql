-- Reads: conversation_span. Takes: nothing. Gives: conversation_key of every row as this engine hashes it.
UPDATE conversation_span SET conversation_key = hash(conversation_id)
