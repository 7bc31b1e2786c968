-- Reads: event, given (row, event_key). Takes: $first, $last (µs UTC).
-- Gives: where in event the keys stand among the events between these instants.
-- Two columns of integers are read for it; the events themselves are read only where a key was found.
SELECT e.rowid::BIGINT
FROM event AS e
JOIN given AS a ON e.event_key = a.event_key
WHERE e.occurred_at >= $first AND e.occurred_at <= $last
ORDER BY e.rowid
