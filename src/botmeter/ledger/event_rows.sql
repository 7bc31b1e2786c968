-- name: event_keys
-- Reads: input_rows. Takes: nothing.
-- Gives: the key of each event, one row each, in the order of `input_rows`, which a scan of one Arrow table keeps.
SELECT hash(source, event_id)::UBIGINT AS event_key FROM input_rows
