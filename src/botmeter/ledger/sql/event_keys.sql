-- Reads: given. Takes: nothing. Gives: the key of each arrived event, in the order of the rows.
SELECT hash(source, event_id)::UBIGINT AS event_key FROM given
