-- name: imports
-- Reads: file_import, receipt. Takes: $number (null: any), $before (null: any number), $limit (null: none).
-- Gives: the imports with their receipts' counts, newest first.
SELECT
    i.import_no::INTEGER, i.append_no::INTEGER, i.kind::UTINYINT, r.source::VARCHAR, i.file_name::VARCHAR,
    i.size_bytes::BIGINT, i.mapping::VARCHAR, r.recorded_at::BIGINT, i.imported_by::VARCHAR, r.accepted::BIGINT,
    r.duplicates::BIGINT, r.conflicts::BIGINT, r.rejected::BIGINT, i.undone_at::BIGINT, i.undone_by::VARCHAR,
    i.undone_for::VARCHAR
FROM file_import AS i
JOIN receipt AS r USING (append_no)
WHERE ($number IS NULL OR i.import_no = $number) AND ($before IS NULL OR i.import_no < $before)
ORDER BY i.import_no DESC
LIMIT coalesce($limit, 9223372036854775807)

-- name: samples
-- Reads: file_import. Takes: nothing. Gives: the numbers of the imports of sample data in force, newest first.
SELECT import_no::INTEGER FROM file_import WHERE kind = 1 AND undone_at IS NULL ORDER BY import_no DESC

-- name: insert_import
-- Reads: file_import. Takes: ? append_no, kind, file_name, size_bytes, mapping, imported_by. Changes: adds the row under
-- the next number to file_import.
INSERT INTO file_import
SELECT coalesce(max(import_no), 0) + 1, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL FROM file_import

-- name: origins
-- Reads: file_import, receipt. Takes: nothing. Gives: (append_no, append_no of its import) of each import, and of each
-- retry of an import's quarantined events.
SELECT append_no::INTEGER, append_no::INTEGER FROM file_import
UNION ALL
SELECT append_no, retry_of FROM receipt WHERE retry_of > 0
ORDER BY ALL
