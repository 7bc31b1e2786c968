-- Reads: session. Takes: $start_us, $end_us, $footprints (null: all), $preview, $limit.
-- Gives: the customers with most sessions that match: id, sessions, latest start (µs UTC); most first, then by id.
SELECT
    customer_id::VARCHAR    AS customer_id,
    count(*)::BIGINT        AS session_count,
    max(started_at)::BIGINT AS last_started_us
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY 1
ORDER BY session_count DESC, customer_id
LIMIT $limit::BIGINT
