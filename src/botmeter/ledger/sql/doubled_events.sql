-- Reads: event. Takes: nothing. Gives: how many events stand there more than once, one row.
SELECT count(*)::BIGINT
FROM (SELECT event_key FROM event GROUP BY event_key, source, event_id HAVING count(*) > 1)
