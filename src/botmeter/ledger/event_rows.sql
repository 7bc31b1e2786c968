-- name: event_keys
-- Reads: given. Takes: nothing.
-- Gives: the key of each event, one row each, in the order of `given`, which a scan of one Arrow table keeps.
SELECT hash(source, event_id)::UBIGINT AS event_key FROM given
