-- Reads: erased_conversation. Takes: nothing. Gives: conversation_span with the pseudonyms.
UPDATE conversation_span
SET conversation_id = c.pseudonym, conversation_key = hash(c.pseudonym)
FROM erased_conversation AS c
WHERE conversation_span.conversation_id = c.conversation_id
