-- Reads: conversation_day, touched_conversation. Takes: nothing.
-- Gives: touched_row, the rows of those conversations on any day, as they were. The one look at all days:
-- their keys are found first, and of what is found alone the rest is read.
CREATE OR REPLACE TEMP TABLE touched_row AS
WITH found AS MATERIALIZED (
    SELECT rowid AS place
    FROM conversation_day
    WHERE conversation_key IN (SELECT hash(conversation_id) FROM touched_conversation)
),
whole AS MATERIALIZED (
    SELECT day, conversation_id, preview, spans
    FROM conversation_day
    WHERE rowid IN (SELECT place FROM found)
)
SELECT day, conversation_id, preview, spans
FROM whole
WHERE conversation_id IN (SELECT conversation_id FROM touched_conversation)
