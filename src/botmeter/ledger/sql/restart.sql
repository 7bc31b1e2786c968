-- Reads: affected, session, touchpoint. Takes: $since and $until (bounds of affected.since); {key}.
-- Gives: restart (key, restart_at): from where on each affected key is metered again: the start of the
-- session that was open at its first new event, else that event. What came before stays as it is.
CREATE OR REPLACE TEMP TABLE restart AS
WITH running AS (
    SELECT a.key, max(x.started_at) AS started_at
    FROM {session} AS x
    JOIN affected AS a ON a.key = {key}
    WHERE x.ended_at >= $since AND x.started_at < $until AND x.started_at < a.since AND x.ended_at >= a.since
    GROUP BY a.key
)
SELECT a.key, coalesce(r.started_at, a.since)::BIGINT AS restart_at
FROM affected AS a
LEFT JOIN running AS r ON r.key = a.key
