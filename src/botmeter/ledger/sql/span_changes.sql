-- Reads: conversation_day. Takes: {touched}: which conversations.
-- Gives: span_change (conversation_id, spans) of those whose rows do not say whether there are several.
CREATE OR REPLACE TEMP TABLE span_change AS
SELECT conversation_id, count(*) > 1 AS spans
FROM conversation_day
WHERE {touched}
GROUP BY conversation_id
HAVING bool_or(spans) <> (count(*) > 1) OR bool_and(spans) <> (count(*) > 1)
