-- Reads: session, touchpoint, restart. Takes: $restart (the earliest); {key}.
-- Gives: old_session, the sessions that are metered again, as they were.
CREATE OR REPLACE TEMP TABLE old_session AS
SELECT x.*
FROM session AS x
{opening_touchpoint}
JOIN restart AS r ON r.key = {key}
WHERE x.started_at >= $restart AND x.started_at >= r.restart_at
