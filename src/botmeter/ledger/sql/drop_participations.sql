-- Reads: old_session. Takes: $restart (the earliest restart). Gives: participation without theirs.
DELETE FROM participation
WHERE started_at >= $restart AND session_id IN (SELECT session_id FROM old_session)
