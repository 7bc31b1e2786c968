-- name: keep_refused
-- Reads: quarantine, input_rows (position, event_id, code, detail, raw). Takes: $source, $append_no, $now, $is_pulled.
-- Gives: the rejected events in quarantine, each once however often it was sent.
INSERT INTO quarantine
SELECT
    (SELECT coalesce(max(quarantine_no), 0) FROM quarantine) + row_number() OVER (ORDER BY r.position),
    $append_no, $now, $source, r.position, r.event_id, r.code, r.detail, r.raw, $is_pulled
FROM (SELECT DISTINCT ON (code, raw) * FROM input_rows ORDER BY code, raw, position) AS r
WHERE NOT EXISTS (
    SELECT 1 FROM quarantine AS q WHERE q.source = $source AND q.code = r.code AND q.raw = r.raw
)
