-- name: session_of_id
-- Reads: session. Takes: $session_id. Gives: the session's id, start (µs UTC) and scope columns; one row or none.
SELECT
    session_id::VARCHAR         AS session_id,
    started_at::BIGINT          AS started_at,
    customer_id::VARCHAR        AS customer_id,
    conversation_id::VARCHAR    AS conversation_id,
    opening_touchpoint::INTEGER AS opening_touchpoint
FROM session
WHERE session_id = $session_id::UUID
ORDER BY session_id
