-- Reads: old_session. Takes: $restart (the earliest restart). Gives: session without them.
DELETE FROM session
WHERE started_at >= $restart AND session_id IN (SELECT session_id FROM old_session)
