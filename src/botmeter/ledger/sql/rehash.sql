-- Reads: event. Takes: nothing. Gives: event_key of every event as this engine hashes it.
-- Erased events keep theirs: their ids are gone, so a copy sent again after this can't be known.
UPDATE event SET event_key = hash(source, event_id) WHERE NOT starts_with(event_id, 'erased:')
