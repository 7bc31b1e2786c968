-- Reads: session. Takes: $start_us, $end_us, $footprints, $preview.
-- Gives: for each UTC day (days since 1970) how many sessions that match started on it; by day.
SELECT
    (started_at // 86400000000)::BIGINT AS day,
    count(*)::BIGINT                    AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR list_contains($footprints::INTEGER[], footprint))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY day
ORDER BY day
