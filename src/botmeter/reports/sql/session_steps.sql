-- Reads: session. Takes: $start_us, $end_us, $origin_us and $step_us (a step is as long), $footprints
-- (null: all), $preview.
-- Gives: how many sessions that match started in each step from the origin on. In no order.
SELECT
    ((started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    count(*)::BIGINT                                                AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY 1
