-- Reads: event, arrival, given (event_key). Takes: $first, $last (µs UTC).
-- Gives: (place, event_key) where in event the keys stand among the events between these instants; the place is null
-- for those in arrival. Two columns of integers are read for it; the events themselves only where a key was found.
SELECT rowid::BIGINT AS place, event_key::UBIGINT AS event_key
FROM event
WHERE occurred_at >= $first AND occurred_at <= $last AND event_key IN (SELECT event_key FROM given)
UNION ALL
SELECT NULL, event_key
FROM arrival
WHERE event_key IN (SELECT event_key FROM given)
ORDER BY ALL
