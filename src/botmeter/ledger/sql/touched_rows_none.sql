-- Reads: conversation_day. Takes: nothing. Gives: touched_row without a row: everything is counted again.
CREATE OR REPLACE TEMP TABLE touched_row AS
SELECT day, conversation_id, preview, spans
FROM conversation_day
LIMIT 0
