-- name: session_start
-- Reads: session. Takes: $session_id. Gives: when the session started, µs UTC, and whose it is; one row or none.
SELECT
    started_at::BIGINT   AS started_at,
    customer_id::VARCHAR AS customer_id
FROM session
WHERE session_id = $session_id::UUID
ORDER BY session_id
