-- Reads: participation. Takes: $start_us, $end_us, $touchpoints, $customers, $preview.
-- Gives: one row, how many rows of the underlying data match.
SELECT count(*)::BIGINT AS row_count
FROM participation
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($touchpoints::INTEGER[] IS NULL OR list_contains($touchpoints::INTEGER[], touchpoint))
    AND ($customers::VARCHAR[] IS NULL OR list_contains($customers::VARCHAR[], customer_id))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
