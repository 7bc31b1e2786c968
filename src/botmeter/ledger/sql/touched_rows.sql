-- Reads: conversation_day, touched_conversation. Takes: nothing.
-- Gives: touched_row, the rows of those conversations on any day, as they were. The one look at all days.
CREATE OR REPLACE TEMP TABLE touched_row AS
SELECT day, conversation_id, preview, spans
FROM conversation_day
WHERE conversation_key IN (SELECT hash(conversation_id) FROM touched_conversation)
    AND conversation_id IN (SELECT conversation_id FROM touched_conversation)
