-- Reads: event. Gives: one row, the number of stored events.
SELECT count(*)::BIGINT AS event_count
FROM event
