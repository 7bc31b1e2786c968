-- Reads: event. Takes: $conversation, $start_us and $end_us (around its events).
-- Gives: customer, actor (domain.event.Actor), touchpoint and the number of such events; by the first three.
SELECT
    customer_id::VARCHAR AS customer_id,
    actor::UTINYINT      AS actor,
    touchpoint::INTEGER  AS touchpoint,
    count(*)::BIGINT     AS event_count
FROM event
WHERE conversation_id = $conversation::VARCHAR
    AND occurred_at >= $start_us::BIGINT
    AND occurred_at < $end_us::BIGINT
GROUP BY ALL
ORDER BY ALL
