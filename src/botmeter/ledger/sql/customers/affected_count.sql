-- Reads: event, touchpoint, affected. Takes: {key} and what it needs of touchpoint.
-- Gives: how many events the affected keys have, one row.
SELECT count(*)::BIGINT
FROM {event} AS x
WHERE {key} IN (SELECT key FROM affected)
