-- Reads: participation. Takes: $start, $end (µs UTC around the days); {touched}: which days and conversations.
-- Gives: conversation_set, one row per day × conversation × preview, with the least and the greatest touchpoint.
CREATE OR REPLACE TEMP TABLE conversation_set AS
SELECT day, conversation_id, preview, min(touchpoint) AS low, max(touchpoint) AS high
FROM (SELECT DATE '1970-01-01' + (started_at // 86400000000)::INTEGER AS day, * FROM participation)
WHERE started_at >= $start AND started_at < $end AND {touched}
GROUP BY day, conversation_id, preview
