-- Reads: erased_event. Takes: nothing. Gives: restatement with the pseudonyms in place of the event ids.
UPDATE restatement
SET because = renamed.because
FROM (
    SELECT named.row_id, list(coalesce(e.pseudonym, named.event_id) ORDER BY named.event_id) AS because
    FROM (SELECT rowid AS row_id, unnest(because) AS event_id FROM restatement) AS named
    LEFT JOIN (SELECT event_id, min(pseudonym) AS pseudonym FROM erased_event GROUP BY event_id) AS e USING (event_id)
    GROUP BY named.row_id
    HAVING count(e.pseudonym) > 0
) AS renamed
WHERE restatement.rowid = renamed.row_id
