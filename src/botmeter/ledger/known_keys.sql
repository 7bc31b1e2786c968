-- name: keys_of_all
-- Reads: event, arrival, erased_key. Takes: nothing. Gives: the key of every event, in any order.
SELECT event_key::UBIGINT AS event_key FROM event
UNION ALL
SELECT event_key FROM arrival
UNION ALL
SELECT event_key FROM erased_key
