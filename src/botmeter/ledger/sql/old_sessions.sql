-- Reads: session, touchpoint, restart. Takes: $restart (the earliest); {key}.
-- Gives: old_session, the sessions that are metered again, as they were.
CREATE OR REPLACE TEMP TABLE old_session AS
SELECT x.session_id, x.started_at, x.customer_id, x.conversation_id, x.opening_touchpoint
FROM {session} AS x
JOIN restart AS r ON r.key = {key}
WHERE x.started_at >= $restart AND x.started_at >= r.restart_at
