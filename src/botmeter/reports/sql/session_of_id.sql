-- Reads: session. Takes: $session_id. Gives: the session's policy and what its scope can name; one row or none.
SELECT
    policy::INTEGER             AS policy,
    customer_id::VARCHAR        AS customer_id,
    conversation_id::VARCHAR    AS conversation_id,
    opening_touchpoint::INTEGER AS opening_touchpoint
FROM session
WHERE session_id = $session_id::UUID
ORDER BY session_id
