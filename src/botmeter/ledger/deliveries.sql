-- name: insert_deliveries
-- Reads: input_rows. Takes: nothing. Changes: adds these requests to delivery, in order.
INSERT INTO delivery
SELECT append_no, received_at, source, delivery_id, subject, accepted, duplicates, conflicts, rejected, ignored, detail
FROM input_rows

-- name: delivery_count
-- Reads: delivery. Takes: nothing. Gives: the number of rows, one row.
SELECT count(*)::BIGINT FROM delivery

-- name: prune_deliveries
-- Reads: delivery. Takes: $limit. Changes: deletes all but that many of each source from delivery, the newest.
DELETE FROM delivery
WHERE rowid NOT IN (
    SELECT d.rowid FROM delivery AS d
    QUALIFY row_number() OVER (PARTITION BY d.source ORDER BY d.rowid DESC) <= $limit
)

-- name: deliveries
-- Reads: delivery. Takes: $source, $limit. Gives: the last requests of the source, newest first.
SELECT
    append_no::INTEGER, received_at::BIGINT, source::VARCHAR, delivery_id::VARCHAR, subject::VARCHAR, accepted::BIGINT,
    duplicates::BIGINT, conflicts::BIGINT, rejected::BIGINT, ignored::BIGINT, detail::VARCHAR
FROM delivery
WHERE source = $source
ORDER BY rowid DESC
LIMIT $limit

-- name: latest_deliveries
-- Reads: delivery. Takes: nothing. Gives: the last request of each source, by source.
SELECT
    append_no::INTEGER, received_at::BIGINT, source::VARCHAR, delivery_id::VARCHAR, subject::VARCHAR, accepted::BIGINT,
    duplicates::BIGINT, conflicts::BIGINT, rejected::BIGINT, ignored::BIGINT, detail::VARCHAR
FROM delivery
QUALIFY row_number() OVER (PARTITION BY source ORDER BY rowid DESC) = 1
ORDER BY source
