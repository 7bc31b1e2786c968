-- Reads: event. Takes: nothing.
-- Gives: how many events stand there more than once, or have not the key by which they are found again, one row.
SELECT (
    (SELECT count(*) FROM (SELECT source, event_id FROM event GROUP BY event_key, source, event_id HAVING count(*) > 1))
    + (SELECT count(*) FROM event WHERE event_key <> hash(source, event_id) AND NOT starts_with(event_id, 'erased:'))
)::BIGINT
