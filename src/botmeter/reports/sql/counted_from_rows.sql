-- Reads: matching, session. Takes: $start_us, $end_us.
-- Gives: counted, as counted_from_usage gives it, from the rows themselves.
CREATE OR REPLACE TEMP TABLE counted AS
WITH visited AS (
    SELECT
        session_id,
        list(DISTINCT touchpoint ORDER BY touchpoint) AS places
    FROM matching
    GROUP BY session_id
)
SELECT
    make_timestamp(session.started_at)::DATE AS day,
    visited.places::INTEGER[]                AS places,
    session.opening_touchpoint::INTEGER      AS opening_touchpoint,
    session.preview::BOOLEAN                 AS preview,
    count(*)::BIGINT                         AS session_count
FROM visited
JOIN session ON session.session_id = visited.session_id
WHERE session.started_at >= $start_us::BIGINT AND session.started_at < $end_us::BIGINT
GROUP BY ALL
