-- name: session_start
-- Reads: session. Takes: $session_id. Gives: the session's start (µs UTC) and customer; one row or none.
SELECT
    started_at::BIGINT   AS started_at,
    customer_id::VARCHAR AS customer_id
FROM session
WHERE session_id = $session_id::UUID
ORDER BY session_id
