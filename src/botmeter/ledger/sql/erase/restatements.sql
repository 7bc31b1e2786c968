-- Reads: erased_event. Takes: nothing. Gives: restatement with the pseudonyms in place of the event ids.
UPDATE restatement
SET because = list_transform(because, lambda id: coalesce(
    (SELECT any_value(e.pseudonym) FROM erased_event AS e WHERE e.event_id = id), id))
WHERE list_has_any(because, (SELECT list(event_id) FROM erased_event))
