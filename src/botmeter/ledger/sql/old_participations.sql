-- Reads: participation, old_session. Takes: $restart (the earliest restart).
-- Gives: old_conversation, the conversations of the sessions that are metered again.
CREATE OR REPLACE TEMP TABLE old_conversation AS
SELECT DISTINCT x.conversation_id
FROM participation AS x
WHERE x.started_at >= $restart AND x.session_id IN (SELECT session_id FROM old_session)
