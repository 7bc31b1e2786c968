-- Reads: quarantine. Takes: $after (a number), $limit. Gives: (number, source, event_id, raw) of the next ones.
SELECT quarantine_no::BIGINT, source::VARCHAR, event_id::VARCHAR, raw::BLOB
FROM quarantine
WHERE quarantine_no > $after
ORDER BY quarantine_no
LIMIT $limit
