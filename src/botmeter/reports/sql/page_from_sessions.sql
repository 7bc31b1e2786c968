-- Reads: session. Takes: $start_us, $end_us, $footprints, $customers, $preview, $low_key, $high_key,
-- $at_key, $at_session, $is_rising, $line_count; {key}, a column, and {order}.
-- Gives: the sessions next to a cursor with what they are sorted by, that of the cursor among them.
-- A null list lets every session through; all keys null: from the end where the order begins.
SELECT
    {key}                AS sort_key,
    session_id::VARCHAR  AS line_session,
    started_at::BIGINT   AS line_start,
    customer_id::VARCHAR AS line_customer
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR list_contains($footprints::INTEGER[], footprint))
    AND ($customers::VARCHAR[] IS NULL OR list_contains($customers::VARCHAR[], customer_id))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND ($low_key IS NULL OR {key} >= $low_key)
    AND ($high_key IS NULL OR {key} <= $high_key)
    AND (
        $at_session::UUID IS NULL
        OR {key} <> $at_key
        OR CASE WHEN $is_rising::BOOLEAN THEN session_id >= $at_session::UUID ELSE session_id <= $at_session::UUID END
    )
ORDER BY {order}
LIMIT $line_count::BIGINT
