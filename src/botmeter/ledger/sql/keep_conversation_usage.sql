-- Reads: conversation_day. Takes: {touched}: which days.
-- Gives: in conversation_usage, the count of those days' conversations that have one row alone.
INSERT INTO conversation_usage
SELECT day, footprint, preview, count(*)
FROM conversation_day
WHERE NOT spans AND {touched}
GROUP BY ALL
ORDER BY ALL
