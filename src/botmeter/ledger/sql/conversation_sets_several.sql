-- Reads: conversation_set, participation. Takes: $start, $end (µs UTC around the days).
-- Gives: (day, conversation_id, preview, members) of each set of more than one touchpoint, members ascending.
SELECT c.day::DATE AS day, c.conversation_id::VARCHAR AS conversation_id, c.preview::BOOLEAN AS preview,
    list(DISTINCT x.touchpoint ORDER BY x.touchpoint)::INTEGER[] AS members
FROM conversation_set AS c
JOIN participation AS x
    ON x.conversation_id = c.conversation_id
    AND x.preview = c.preview
    AND DATE '1970-01-01' + (x.started_at // 86400000000)::INTEGER = c.day
WHERE c.low < c.high AND x.started_at >= $start AND x.started_at < $end
GROUP BY c.day, c.conversation_id, c.preview
ORDER BY c.day, c.conversation_id, c.preview
