-- Reads: erased_conversation. Takes: nothing. Gives: event with the pseudonyms where others took part in the conversations.
UPDATE event
SET conversation_id = c.pseudonym
FROM erased_conversation AS c
WHERE event.conversation_id = c.conversation_id
