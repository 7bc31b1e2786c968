-- Reads: quarantine. Takes: $code (null: any), $limit (null: none). Gives: the refused events, by number.
SELECT
    quarantine_no::BIGINT, append_no::INTEGER, recorded_at::BIGINT, source::VARCHAR, position::BIGINT,
    event_id::VARCHAR, code::VARCHAR, detail::VARCHAR, raw::BLOB
FROM quarantine
WHERE $code IS NULL OR code = $code
ORDER BY quarantine_no
LIMIT coalesce($limit, 9223372036854775807)
