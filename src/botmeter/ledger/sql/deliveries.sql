-- Reads: delivery. Takes: $source, $limit. Gives: the last requests of the source, newest first.
SELECT
    append_no::INTEGER, received_at::BIGINT, source::VARCHAR, delivery_id::VARCHAR, subject::VARCHAR, accepted::BIGINT,
    duplicates::BIGINT, conflicts::BIGINT, rejected::BIGINT, ignored::BIGINT, detail::VARCHAR
FROM delivery
WHERE source = $source
ORDER BY rowid DESC
LIMIT $limit
