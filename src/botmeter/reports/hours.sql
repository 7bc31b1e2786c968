-- name: session_steps_from_rows
-- Reads: matching. Takes: $origin_us and $step_us (a step is as long).
-- Gives: as session_steps of matching.sql, in any order.
SELECT
    ((started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    count(DISTINCT session_id)::BIGINT                              AS session_count
FROM matching
GROUP BY 1
