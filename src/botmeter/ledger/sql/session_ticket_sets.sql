-- Reads: participation, conversation_ticket. Takes: $start, $end (µs UTC around the days); {touched}: which days and
-- conversations; {conversations}: the latter alone.
-- Gives: (day, session_id, conversation_id, preview, members) of each session × conversation with a ticket, members ascending.
SELECT day::DATE AS day, session_id::VARCHAR AS session_id, conversation_id::VARCHAR AS conversation_id,
    preview::BOOLEAN AS preview, list(DISTINCT touchpoint ORDER BY touchpoint)::INTEGER[] AS members
FROM (SELECT DATE '1970-01-01' + (started_at // 86400000000)::INTEGER AS day, * FROM participation)
WHERE started_at >= $start AND started_at < $end AND {touched}
    AND conversation_id IN (SELECT conversation_id FROM conversation_ticket WHERE {conversations})
GROUP BY day, session_id, conversation_id, preview
ORDER BY day, session_id, conversation_id
