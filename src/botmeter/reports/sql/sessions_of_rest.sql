-- Reads: session. Takes: $start_us, $end_us, $origin_us and $step_us (a step is as long), $preview.
-- Gives: as sessions_from_usage, of the sessions that start in that span, which is less than a day;
-- their day is the number of steps from the origin to their start.
SELECT
    ((started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS day,
    footprint::BIGINT                                               AS place_set,
    opening_touchpoint::BIGINT                                      AS opening_touchpoint,
    preview::BIGINT                                                 AS preview,
    count(*)::BIGINT                                                AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY ALL
