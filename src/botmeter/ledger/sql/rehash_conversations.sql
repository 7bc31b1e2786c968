-- Reads: conversation_day. Takes: nothing. Gives: conversation_key of every row as this engine hashes it.
UPDATE conversation_day SET conversation_key = hash(conversation_id)
