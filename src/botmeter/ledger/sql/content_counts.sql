-- Reads: event, session. Takes: nothing. Gives: how many of each there are, one row.
SELECT (SELECT count(*) FROM event)::BIGINT, (SELECT count(*) FROM session)::BIGINT
