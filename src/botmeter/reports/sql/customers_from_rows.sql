-- Reads: matching. Takes: $limit. Gives: as customers_from_sessions.
SELECT
    customer_id::VARCHAR               AS customer_id,
    count(DISTINCT session_id)::BIGINT AS session_count,
    max(started_at)::BIGINT            AS last_started_us
FROM matching
GROUP BY 1
ORDER BY session_count DESC, customer_id
LIMIT $limit::BIGINT
