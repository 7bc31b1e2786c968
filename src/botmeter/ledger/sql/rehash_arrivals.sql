-- Reads: arrival. Takes: nothing. Gives: event_key of every event in it as this engine hashes it.
UPDATE arrival SET event_key = hash(source, event_id)
