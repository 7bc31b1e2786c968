-- Reads: event, touchpoint. Takes: $append_no (the first of this commit); {key} and what it needs of touchpoint.
-- Gives: affected (key, since), one row per scope key with a new event; since: its first one, µs UTC.
CREATE OR REPLACE TEMP TABLE affected AS
SELECT {key} AS key, min(x.occurred_at) AS since
FROM {event} AS x
WHERE x.append_no >= $append_no
GROUP BY 1
