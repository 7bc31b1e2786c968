-- name: insert_rejected
-- Reads: quarantine, input_rows (index, event_id, code, detail, raw). Takes: $source, $append_no, $now, $is_pulled.
-- Changes: adds the rejected events to quarantine, each once however often it was sent.
INSERT INTO quarantine
SELECT
    (SELECT coalesce(max(quarantine_no), 0) FROM quarantine) + row_number() OVER (ORDER BY r.index),
    $append_no, $now, $source, r.index, r.event_id, r.code, r.detail, r.raw, $is_pulled
FROM (SELECT DISTINCT ON (code, raw) * FROM input_rows ORDER BY code, raw, index) AS r
WHERE NOT EXISTS (
    SELECT 1 FROM quarantine AS q WHERE q.source = $source AND q.code = r.code AND q.raw = r.raw
)

-- name: quarantined
-- Reads: quarantine. Takes: $code (null: any), $limit (null: none). Gives: the refused events, by number.
SELECT
    quarantine_no::BIGINT, append_no::INTEGER, recorded_at::BIGINT, source::VARCHAR, position::BIGINT,
    event_id::VARCHAR, code::VARCHAR, detail::VARCHAR, raw::BLOB,
    is_pulled::BOOLEAN
FROM quarantine
WHERE $code IS NULL OR code = $code
ORDER BY quarantine_no
LIMIT coalesce($limit, 9223372036854775807)

-- name: quarantine_counts
-- Reads: quarantine. Takes: nothing. Gives: (code, number of events), most first.
SELECT code::VARCHAR, count(*)::BIGINT
FROM quarantine
GROUP BY code
ORDER BY count(*) DESC, code

-- name: quarantine_counts_of
-- Reads: quarantine. Takes: $source. Gives: (code, number of the source's events), most first.
SELECT code::VARCHAR, count(*)::BIGINT AS event_count
FROM quarantine
WHERE source = $source
GROUP BY code
ORDER BY event_count DESC, code

-- name: delete
-- Reads: quarantine. Takes: $numbers. Changes: deletes these from quarantine.
DELETE FROM quarantine WHERE quarantine_no IN (SELECT unnest($numbers::BIGINT[]))
