-- name: session_steps_from_rows
-- Reads: matching. Takes: $origin_us, $step_us (length).
-- Gives: as session_steps of matching.sql, in any order.
SELECT
    ((started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    count(DISTINCT session_id)::BIGINT                              AS session_count
FROM matching
GROUP BY 1
