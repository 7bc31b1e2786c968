-- Reads: conversation_span. Takes: $after (a rowid; -1: all rows are looked at).
-- Gives: folded_span, what the rows past it add up to, for each conversation that has several of them.
CREATE OR REPLACE TEMP TABLE folded_span AS
SELECT
    conversation_id, min(created_at) AS created_at, min(first_event_at) AS first_event_at,
    max(last_event_at) AS last_event_at
FROM conversation_span
WHERE rowid > $after
GROUP BY conversation_id
HAVING count(*) > 1
