-- Reads: delivery. Takes: nothing. Gives: the last request of each source, by source.
SELECT
    append_no::INTEGER, received_at::BIGINT, source::VARCHAR, delivery_id::VARCHAR, subject::VARCHAR, accepted::BIGINT,
    duplicates::BIGINT, conflicts::BIGINT, rejected::BIGINT, ignored::BIGINT, detail::VARCHAR
FROM delivery
QUALIFY row_number() OVER (PARTITION BY source ORDER BY rowid DESC) = 1
ORDER BY source
