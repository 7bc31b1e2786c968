-- Reads: matching, session. Takes: $start_us, $end_us, $origin_us and $step_us (a step is as long).
-- Gives: as sessions_from_usage, one row per session; its set is numbered as in places_from_rows. In
-- place of the day, the step from the origin on in which it started.
WITH visited AS (
    SELECT
        session_id,
        row_number() OVER (ORDER BY started_at, session_id) AS place_set
    FROM (SELECT DISTINCT started_at, session_id FROM matching)
)
SELECT
    ((session.started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    visited.place_set::BIGINT                                               AS place_set,
    session.opening_touchpoint::BIGINT                                      AS opening_touchpoint,
    session.preview::BIGINT                                                 AS preview,
    1::BIGINT                                                               AS session_count
FROM visited
JOIN session ON session.session_id = visited.session_id
WHERE session.started_at >= $start_us::BIGINT AND session.started_at < $end_us::BIGINT
